"""What does an HTTP response look like to an expression?"""

import json
from collections.abc import Mapping

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.yaml_values import load_document
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json, write_json
from promotions.engine.expressions.values import Function
from promotions.ports.http import HttpResponse

JSON = "application/json"
YAML = "application/yaml"
TEXT = "text/plain"

_YAML_TYPES = frozenset({YAML, "text/yaml", "application/x-yaml"})


def environment(response: HttpResponse, *, content_type: str = "") -> Mapping[str, object]:
    """Return the names that expressions over a response may use: ``response`` and its parts.

    Args:
        response: What was received.
        content_type: How to read the body; empty goes by the response's own header.

    Raises:
        InvalidError: The body is declared as JSON or YAML and is not.
    """
    declared = content_type or _first(response, "Content-Type")
    return {
        "response": {
            "status": response.status,
            "headers": {name: list(values) for name, values in response.headers.items()},
            "header": Function(
                "header", lambda names: _first(response, str(names[0])), 1, 1, ("string",)
            ),
            "body": parsed_body(response.content, media_type=declared),
        }
    }


def parsed_body(content: bytes, *, media_type: str) -> JSONValue:
    """Return a body as JSON; nothing, or what nobody declared and is not JSON, is ``{}``.

    Raises:
        InvalidError: The body is declared as JSON or YAML and is not.
    """
    if not content:
        return {}
    essence = media_type.partition(";")[0].strip().lower()
    text = content.decode("utf-8", errors="replace")
    if essence == TEXT:
        return text
    if essence in _YAML_TYPES:
        return load_document(text)
    try:
        return read_json(text)
    except OperandError as error:
        if essence == JSON:
            raise InvalidError(f"failed to parse the response as JSON: {error}") from error
        return {}


def plain_json(value: object) -> JSONValue:
    """Return what an expression gave, as plain JSON; a whole number loses its fraction.

    Raises:
        InvalidError: It holds something that JSON has no word for, such as a function.
    """
    try:
        plain: JSONValue = json.loads(write_json(value))
    except OperandError as error:
        raise InvalidError(f"the value cannot be put out: {error}") from error
    return plain


def _first(response: HttpResponse, name: str) -> str:
    wanted = name.lower()
    found = (values for key, values in response.headers.items() if key.lower() == wanted)
    return next((values[0] for values in found if values), "")

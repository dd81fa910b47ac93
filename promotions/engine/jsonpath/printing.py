"""Writes what a JSONPath template finds as text, the way ``kubectl -o jsonpath`` prints it.

Source: Kubernetes client-go ``util/jsonpath`` Execute and PrintResults.
"""

from collections.abc import Mapping

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.values import format_value
from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.evaluator import find_values
from promotions.engine.jsonpath.parser import parse


def execute(path: str, document: object) -> str:
    """Return the text of a template for a document; maps and arrays appear as JSON.

    Raises:
        JSONPathError: The template is wrong, or does not fit the document.
    """
    parts = find_values(parse(path), document)
    return "".join(" ".join(map(_shown, values)) for values in parts)


def _shown(value: object) -> str:
    if not isinstance(value, Mapping | list | tuple):
        return format_value(value)
    try:
        return write_json(value)
    except OperandError as error:
        raise JSONPathError(str(error)) from error

"""Reads what clients send: bounded bodies, JSON objects, flags and lists in queries."""

import orjson
from django.http import QueryDict
from django.http.request import RawPostDataException
from rest_framework.request import Request

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_text
from common.rest.errors import BAD_REQUEST, TOO_LARGE

BODY_LIMIT_BYTES = 1 << 20
MANIFESTS_LIMIT_BYTES = 4 << 20


def bad_request(message: str) -> InvalidError:
    """Return the error for a request that makes no sense, answered with 400."""
    return InvalidError(message, code=BAD_REQUEST)


def read_body(request: Request, *, limit_bytes: int = BODY_LIMIT_BYTES) -> bytes:
    """Return the body, of whatever content type, never holding more than the limit in memory.

    Raises:
        InvalidError: It is longer than ``limit_bytes``.
    """
    refuse_oversized(request, limit_bytes=limit_bytes)
    try:
        body = request.read(limit_bytes + 1)
    except RawPostDataException as error:
        raise bad_request("the request body was already read") from error
    if len(body) > limit_bytes:
        raise _too_large()
    return body


def refuse_oversized(request: Request, *, limit_bytes: int) -> None:
    """Return if the body is not longer than the limit, as far as the client says how long it is.

    Raises:
        InvalidError: It is.
    """
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > limit_bytes:
        raise _too_large()


def read_json_object(request: Request) -> JSONObject:
    """Return the body as a JSON object; no body is an empty one.

    Raises:
        InvalidError: It is too long, not JSON, or another kind of JSON.
    """
    body = read_body(request)
    if not body.strip():
        return {}
    try:
        document: JSONValue = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"the request body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise bad_request("the request body must be a JSON object")
    return document


def text_of(document: JSONObject, key: str) -> str:
    """Return a string in a body; absent, null and empty are alike.

    Raises:
        InvalidError: It is there and no string.
    """
    value = document.get(key)
    if value is not None and not isinstance(value, str):
        raise bad_request(f'"{key}" must be a string')
    if value is not None and "\0" in value:
        raise bad_request(f'"{key}" has a NUL character')
    return as_text(value).strip()


def list_of(query: QueryDict, key: str) -> list[str]:
    """Return a list in a query, whether repeated (``a=1&a=2``) or joined (``a=1,2``)."""
    parts = (part.strip() for value in query.getlist(key) for part in value.split(","))
    return [part for part in parts if part]


def flag_of(query: QueryDict, key: str) -> bool:
    """Return whether a query says ``key=true``."""
    return query.get(key) == "true"


def count_of(query: QueryDict, key: str) -> int:
    """Return a whole number in a query, 0 when absent.

    Raises:
        InvalidError: It is something else, or negative.
    """
    text = query.get(key) or "0"
    if not text.isascii() or not text.isdigit() or len(text) > len("999999999"):
        raise bad_request(f'"{key}" must be a whole number, not "{text}"')
    return int(text)


def _too_large() -> InvalidError:
    return InvalidError("request body too large", code=TOO_LARGE)

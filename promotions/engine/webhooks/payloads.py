"""Reads the JSON body of a webhook, field by field, as Go fills a struct.

A field that is absent or null has its type's empty value, one of another type makes the body
invalid; names match in any case. Everything that a receiver knows is read before anything is
decided, so a wrong type anywhere is refused whatever else the body says.

Source: Go ``encoding/json`` Unmarshal.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.webhooks.decisions import RefusedError

_SMALLEST_INT = -(2**63)
_LARGEST_INT = 2**63 - 1
_LONGEST_INT = 20
_REPLACEMENT = "\ufffd"
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


def parse_json(body: bytes) -> JSONValue:
    """Return the JSON in ``body``; what is not Unicode in its text becomes U+FFFD.

    Raises:
        RefusedError: It is not JSON, or nested too deeply.
    """
    return _parsed(body, read_integer=_int, read_float=float)


def parse_untyped_json(body: bytes) -> JSONValue:
    """Return the JSON in ``body`` as Go reads it without a struct: every number is a float.

    Raises:
        RefusedError: It is not JSON, nested too deeply, or a number does not fit a float.
    """
    return _parsed(body, read_integer=_finite_float, read_float=_finite_float)


def malformed_body() -> RefusedError:
    """Return the refusal of a body that is not what the event should carry."""
    return RefusedError(HTTPStatus.BAD_REQUEST, "invalid request body")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object; every read raises RefusedError if the type is wrong."""

    members: JSONObject

    @classmethod
    def of(cls, value: JSONValue) -> Self:
        """Return the fields of an object; null has none."""
        if value is None:
            return cls({})
        if isinstance(value, Mapping):
            return cls(value)
        raise malformed_body()

    def text(self, name: str) -> str:
        """Return a string."""
        return _text(self._get(name))

    def integer(self, name: str) -> int:
        """Return a 64-bit integer; ``1.0`` is none."""
        value = self._get(name)
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, int):
            raise malformed_body()
        if not _SMALLEST_INT <= value <= _LARGEST_INT:
            raise malformed_body()
        return value

    def fields(self, name: str) -> "Fields":
        """Return an object's fields."""
        return Fields.of(self._get(name))

    def optional_fields(self, name: str) -> "Fields | None":
        """Return an object's fields, or ``None`` without one."""
        value = self._get(name)
        return None if value is None else Fields.of(value)

    def texts(self, name: str) -> list[str]:
        """Return a list of strings."""
        return [_text(it) for it in self._list(name)]

    def each(self, name: str) -> list["Fields"]:
        """Return the fields of every object in a list."""
        return [Fields.of(it) for it in self._list(name)]

    def _list(self, name: str) -> list[JSONValue]:
        value = self._get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise malformed_body()

    def _get(self, name: str) -> JSONValue:
        """Return the last member of that name, in whatever case it is written."""
        found = [value for key, value in self.members.items() if _is_same_name(key, name)]
        return found[-1] if found else None


def parse_payload(body: bytes) -> Fields:
    """Return the fields of the object in ``body``.

    Raises:
        RefusedError: It is no JSON object.
    """
    return Fields.of(parse_json(body))


def _is_same_name(key: str, name: str) -> bool:
    # Some letters fold to two, which Go's folding letter by letter never does.
    return key == name or (len(key) == len(name) and key.casefold() == name.casefold())


def _parsed(
    body: bytes, *, read_integer: Callable[[str], float], read_float: Callable[[str], float]
) -> JSONValue:
    text = _SURROGATE.sub(_REPLACEMENT, body.decode(errors="surrogateescape"))
    try:
        value: JSONValue = json.loads(
            text, parse_int=read_integer, parse_float=read_float, parse_constant=_refuse
        )
        return _without_surrogates(value) if _SURROGATE_ESCAPE.search(text) else value
    except (ValueError, RecursionError) as error:
        raise malformed_body() from error


def _text(value: JSONValue) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise malformed_body()


def _int(text: str) -> int | float:
    # Python takes quadratic time over long integers; no field holds any.
    return int(text) if len(text) <= _LONGEST_INT else float(text)


def _finite_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} does not fit a float")
    return number


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _without_surrogates(value: JSONValue) -> JSONValue:
    if isinstance(value, str):
        return _SURROGATE.sub(_REPLACEMENT, value)
    if isinstance(value, Mapping):
        return {
            _SURROGATE.sub(_REPLACEMENT, key): _without_surrogates(it) for key, it in value.items()
        }
    if isinstance(value, list):
        return [_without_surrogates(it) for it in value]
    return value

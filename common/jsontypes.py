"""Types for true JSON, and narrowing reads from it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

JSONScalar: TypeAlias = str | int | float | bool | None
JSONValue: TypeAlias = "JSONScalar | Sequence[JSONValue] | Mapping[str, JSONValue]"
JSONObject: TypeAlias = Mapping[str, JSONValue]


def as_object(value: JSONValue) -> JSONObject:
    """Return ``value`` if it is an object, else an empty object."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: JSONValue) -> Sequence[JSONValue]:
    """Return ``value`` if it is an array, else an empty array."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return value
    return ()


def as_text(value: JSONValue) -> str:
    """Return ``value`` if it is a string, else the empty string."""
    return value if isinstance(value, str) else ""

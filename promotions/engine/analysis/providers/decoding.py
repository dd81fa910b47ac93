"""Reads typed values out of JSON responses, and says of a wrong one what Go would.

Null reads as the type's empty value, keys match in any case, and unknown ones are ignored.

Source: Go ``encoding/json`` Unmarshal.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.json_syntax import syntax_problem
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json, write_json

DEEPEST = 90


class NotJSONError(ResponseError):
    """A text is not JSON at all; the message is Go's."""


def decode(text: str) -> JSONValue:
    """Return the value of a JSON text, its numbers as floats.

    Raises:
        NotJSONError: It is no JSON.
        ResponseError: It is nested deeper than ``DEEPEST``, or a number does not fit.
    """
    try:
        value = read_json(text)
    except OperandError as error:
        if problem := syntax_problem(text):
            raise NotJSONError(problem) from error
        raise ResponseError(f"json: {error}") from error
    if _is_too_deep(value):
        raise ResponseError("json: exceeded max depth")
    return value


def encode(value: object) -> str:
    """Return a value as JSON, compact and with sorted keys.

    Raises:
        ResponseError: JSON cannot express it.
    """
    try:
        return write_json(value)
    except OperandError as error:
        raise ResponseError(f"could not marshal results: {error}") from error


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value of a response, and the Go type and field that it is decoded into.

    Attributes:
        go_type: Such as ``[]float64`` or ``graphite.dataPoint``.
        struct: The name of the struct that has the field, empty if it has no name.
        path: The fields that lead here, by their names in Go; empty at the top.
    """

    value: JSONValue
    go_type: str
    struct: str = ""
    path: str = ""

    def member(self, name: str, go_type: str = "string") -> "Decoded":
        """Return a field of a struct, null if it is absent.

        Raises:
            ResponseError: This is no object.
        """
        named = "" if self.go_type.startswith("struct ") else self.go_type.rpartition(".")[2]
        path = f"{self.path}.{name}" if self.path else name
        return Decoded(_member(self.mapping(), name), go_type, named, path)

    def mapping(self) -> Mapping[str, JSONValue]:
        """Return an object, an empty one for null.

        Raises:
            ResponseError: This is something else.
        """
        if self.value is None:
            return {}
        if isinstance(self.value, Mapping):
            return self.value
        raise self._wrong()

    def items(self, go_type: str = "") -> Iterator["Decoded"]:
        """Yield the elements of a slice; ``go_type`` is theirs if it does not show in this one's.

        Raises:
            ResponseError: This is no array.
        """
        if isinstance(self.value, str) or not isinstance(self.value, Sequence | None):
            raise self._wrong()
        element = go_type or self.go_type.removeprefix("[]")
        return (Decoded(it, element, self.struct, self.path) for it in self.value or ())

    def text(self) -> str:
        """Return a string.

        Raises:
            ResponseError: This is something else.
        """
        if self.value is not None and not isinstance(self.value, str):
            raise self._wrong()
        return self.value or ""

    def number(self) -> float:
        """Return a number.

        Raises:
            ResponseError: This is something else.
        """
        if self.value is None:
            return 0.0
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            raise self._wrong()
        return float(self.value)

    def _wrong(self) -> ResponseError:
        place = f"struct field {self.struct}.{self.path}" if self.path else "value"
        return ResponseError(
            f"json: cannot unmarshal {_kind(self.value)} into Go {place} of type {self.go_type}"
        )


def _member(mapping: Mapping[str, JSONValue], name: str) -> JSONValue:
    if name in mapping:
        return mapping[name]
    wanted = name.casefold()
    return next((value for key, value in mapping.items() if key.casefold() == wanted), None)


def _kind(value: JSONValue) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        return "number"
    return "object" if isinstance(value, Mapping) else "array"


def _is_too_deep(value: JSONValue) -> bool:
    level: list[JSONValue] = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: JSONValue) -> list[JSONValue]:
    if isinstance(value, Mapping):
        return list(value.values())
    return [] if isinstance(value, str) or not isinstance(value, Sequence) else list(value)

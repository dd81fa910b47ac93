"""Reads typed fields out of JSON objects, and says of a wrong one where it stands.

Absent and null fields read as the type's empty value, as in Go.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.int_or_string import LARGEST_INT32, IntOrString


@dataclass(frozen=True, slots=True)
class Reader:
    """An object of a document and the path that leads to it."""

    document: JSONObject
    path: str = ""

    @classmethod
    def of(cls, value: JSONValue, path: str = "") -> "Reader":
        """Return a reader of the object; null reads as an empty one.

        Raises:
            InvalidError: The value is no object.
        """
        if value is None:
            return cls({}, path)
        if not isinstance(value, Mapping):
            raise _wrong(path, "must be an object")
        return cls(value, path)

    def has(self, name: str) -> bool:
        """Return whether the field is there and not null."""
        return self.document.get(name) is not None

    def text(self, name: str) -> str:
        """Return a string field."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong(self.at(name), "must be a string")
        return value or ""

    def flag(self, name: str) -> bool:
        """Return a boolean field."""
        value = self.document.get(name)
        if value is not None and not isinstance(value, bool):
            raise _wrong(self.at(name), "must be true or false")
        return bool(value)

    def integer(self, name: str) -> int | None:
        """Return a field of 32 bits, ``None`` if it is absent."""
        value = self.document.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_INT32:
            raise _wrong(self.at(name), "must be an integer of 32 bits")
        return value

    def int_or_string(self, name: str) -> IntOrString | None:
        """Return an integer or string field, ``None`` if it is absent."""
        value = self.document.get(name)
        return value if isinstance(value, str) else self.integer(name)

    def moment(self, name: str) -> datetime | None:
        """Return an RFC 3339 field in UTC, ``None`` if it is absent."""
        text = self.text(name)
        if not text:
            return None
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise _wrong(self.at(name), "must be a time such as 2026-01-31T12:00:00Z") from error

    def object(self, name: str) -> "Reader":
        """Return a reader of an object field."""
        return Reader.of(self.document.get(name), self.at(name))

    def objects(self, name: str) -> Iterator["Reader"]:
        """Yield readers of the objects in a list field."""
        value = self.document.get(name)
        if value is None:
            return
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise _wrong(self.at(name), "must be a list")
        for index, item in enumerate(value):
            yield Reader.of(item, f"{self.at(name)}[{index}]")

    def texts(self, name: str) -> dict[str, str]:
        """Return an object field whose values are strings."""
        inner = self.object(name)
        return {key: inner.text(key) for key in inner.document}

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name


def moment_text(moment: datetime) -> str:
    """Return the time in RFC 3339, UTC and whole seconds, as Kubernetes keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def without_empty(document: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """Return the document without what Go's ``omitempty`` leaves out, zero and false included."""
    return {key: value for key, value in document.items() if value}


def without_null(document: Mapping[str, JSONValue]) -> dict[str, JSONValue]:
    """Return the document without the fields that were not given."""
    return {key: value for key, value in document.items() if value is not None}


def _wrong(path: str, reason: str) -> InvalidError:
    problem = FieldProblem(path, reason)
    return InvalidError(str(problem), problems=(problem,))

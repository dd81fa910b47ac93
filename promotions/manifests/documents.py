"""Reads manifests from text: YAML of many documents, JSON objects in a row, or a JSON array."""

import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.manifests.yaml_values import (
    LONGEST_INTEGER,
    MAX_DEPTH,
    read_yaml,
    storable_integer,
)

MAX_BYTES = 4 * 1024 * 1024
MAX_DOCUMENTS = 5000
"""More than this in one text are refused, empty ones included."""

PairT = TypeVar("PairT")

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """One manifest as somebody wrote it.

    Attributes:
        content: The object, not yet checked.
        source: The file's name, or what stands for it.
        index: Its place in the source, from 1.
        line: The line of the source it starts on, from 1; 0 if unknown.
    """

    content: JSONObject
    source: str = "-"
    index: int = 1
    line: int = 0

    @property
    def where(self) -> str:
        """Where it stands, such as ``stages.yaml: document 2 (line 14)``."""
        line = f" (line {self.line})" if self.line else ""
        return f"{self.source}: document {self.index}{line}"


def read_documents(text: str | bytes, *, source: str = "-") -> list[Document]:
    """Return the manifests in a text; empty documents are left out, lists are taken apart.

    Raises:
        InvalidError: The text is too long, is neither YAML nor JSON, repeats a key, or holds
            something that is not an object; the message names source, document and line.
    """
    try:
        decoded = _decode(text)
        values = list(_few(_values(decoded)))
    except InvalidError as error:
        raise InvalidError(f"{source}: {error.message}", code=error.code) from error
    items = ((item, line) for value, line in values for item in _items(value))
    flat = list(_few(items))
    return [
        _document(value, source=source, index=index, line=line)
        for index, (value, line) in enumerate(flat, start=1)
    ]


def _decode(text: str | bytes) -> str:
    raw = text.encode() if isinstance(text, str) else text
    if len(raw) > MAX_BYTES:
        raise InvalidError(
            f"{len(raw)} bytes are more than the {MAX_BYTES} that are allowed; split it up.",
            code="too_long",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("the text is not UTF-8", code="bad_encoding") from error


def _values(text: str) -> Iterator[tuple[JSONValue, int]]:
    if text.lstrip()[:1] in {"{", "["}:
        values = _json_values(text)
        if values is not None:
            yield from values
            return
    for document in read_yaml(text):
        yield document.value, document.line


def _json_values(text: str) -> list[tuple[JSONValue, int]] | None:
    """Return the JSON values in a row, or ``None`` if this is YAML in flow style."""
    decoder = json.JSONDecoder(
        object_pairs_hook=_without_duplicates, parse_constant=_no_constant, parse_int=_integer
    )
    values: list[tuple[JSONValue, int]] = []
    position, line, counted = 0, 1, 0
    try:
        while (position := _next_token(text, position)) < len(text):
            line, counted = line + text.count("\n", counted, position), position
            value, position = decoder.raw_decode(text, position)
            values.append((value, line))
            if len(values) > MAX_DOCUMENTS:
                raise _too_many()
    except json.JSONDecodeError:
        return None
    except RecursionError as error:
        raise InvalidError(f"nested more than {MAX_DEPTH} levels deep") from error
    return values


def _few(values: Iterable[PairT]) -> Iterator[PairT]:
    """Yield what is given, as long as it is not too much."""
    for count, value in enumerate(values):
        if count >= MAX_DOCUMENTS:
            raise _too_many()
        yield value


def _too_many() -> InvalidError:
    return InvalidError(
        f"more than {MAX_DOCUMENTS} documents; split it up.", code="too_many_documents"
    )


def _integer(text: str) -> int | float:
    if len(text) > LONGEST_INTEGER:
        raise InvalidError(f"a number has more than {LONGEST_INTEGER} digits", code="bad_number")
    return storable_integer(int(text))


def _next_token(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _without_duplicates(pairs: list[tuple[str, JSONValue]]) -> JSONObject:
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = next(key for key in content if sum(key == it for it, _ in pairs) > 1)
        raise InvalidError(f'the key "{twice}" is there twice', code="duplicate_key")
    return content


def _no_constant(text: str) -> JSONValue:
    raise InvalidError(f"{text} is not a number that JSON has", code="bad_json")


def _items(value: JSONValue) -> Iterable[JSONValue]:
    """Take arrays and Kubernetes lists apart, drop what is empty."""
    if value is None or value == {}:
        return []
    if isinstance(value, list):
        return [item for part in value for item in _items(part)]
    if isinstance(value, dict) and _is_list_kind(value):
        return [item for part in value["items"] for item in _items(part)]
    return [value]


def _is_list_kind(value: dict[str, JSONValue]) -> bool:
    kind = value.get("kind")
    return isinstance(kind, str) and kind.endswith("List") and isinstance(value.get("items"), list)


def _document(value: JSONValue, *, source: str, index: int, line: int) -> Document:
    if not isinstance(value, dict):
        raise InvalidError(
            f"{source}: document {index}: expected an object with apiVersion, kind and metadata",
            code="not_an_object",
        )
    try:
        _check_storable(value)
    except InvalidError as error:
        raise InvalidError(
            f"{source}: document {index}: {error.message}", code=error.code
        ) from error
    return Document(content=value, source=source, index=index, line=line)


def _check_storable(value: JSONValue) -> None:
    """Refuse what a database cannot hold: deep nesting, infinities, broken characters."""
    level: list[JSONValue] = [value]
    for _ in range(MAX_DEPTH + 1):
        for item in level:
            _check_scalar(item)
        level = [part for item in level for part in _parts(item)]
        if not level:
            return
    raise InvalidError(f"nested more than {MAX_DEPTH} levels deep", code="too_deep")


def _parts(value: JSONValue) -> Iterable[JSONValue]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()


def _check_scalar(value: JSONValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidError("a number is too large", code="bad_number")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise InvalidError(
            "a text holds a NUL character or half of a surrogate pair", code="bad_text"
        )

"""Reads JSON as a tree that can be written again character for character.

Between the values a tree keeps the white space as it was, so that a change leaves no trace
beside itself.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from common.errors import InvalidError

MAX_DEPTH = 200
MAX_VALUES = 300_000

_SPACE = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_NUMBER = r"-?+(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?+[0-9]++)?+"
_TOKEN = re.compile(
    rf"({_SPACE})(?:({_STRING})|({_NUMBER}|true|false|null)|([{{}}\[\],:])|\Z)", re.ASCII
)
_CLOSING = {"{": "}", "[": "]"}


@dataclass(slots=True)
class JsonNode:
    """A value and its text.

    Attributes:
        raw: The text of a scalar; of a collection its opening bracket.
        items: The members or elements of a collection.
        tail: The white space of an empty collection.
    """

    raw: str
    items: list["JsonItem"] = field(default_factory=list)
    tail: str = ""
    _by_name: "dict[str, list[JsonNode]] | None" = None

    @property
    def is_object(self) -> bool:
        """Whether it is written with braces."""
        return self.raw == "{"

    @property
    def is_array(self) -> bool:
        """Whether it is written with brackets."""
        return self.raw == "["

    def named(self, name: str) -> list["JsonNode"]:
        """Return the values that an object has under a name."""
        if self._by_name is None:
            self._by_name = {}
            for item in self.items:
                self._by_name.setdefault(item.name, []).append(item.node)
        return self._by_name.get(name, [])

    def append(self, item: "JsonItem") -> None:
        """Add a member or an element at the end."""
        self.items.append(item)
        self.tail = ""
        if self._by_name is not None:
            self._by_name.setdefault(item.name, []).append(item.node)

    def become(self, other: "JsonNode") -> None:
        """Take the place of what this was with another value."""
        self.raw, self.items, self.tail = other.raw, other.items, other.tail
        self._by_name = None


@dataclass(slots=True)
class JsonItem:
    """A member of an object or an element of an array, with the white space around its parts.

    Attributes:
        before: The white space before the key or the element.
        key: The key as written, quotes and all; empty in an array.
        name: The key itself.
        colon: The colon with the white space around it.
        after: The white space before the comma or the closing bracket.
    """

    node: JsonNode
    before: str = ""
    key: str = ""
    name: str = ""
    colon: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A whole text: its one value, and the white space around it."""

    root: JsonNode
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return "".join([self.before, *_pieces(self.root), self.after])


def is_json(text: str) -> bool:
    """Return whether the text is one JSON value."""
    try:
        read_json_text(text)
    except InvalidError:
        return False
    return True


def read_json_text(text: str) -> JsonText:
    """Return the tree of a text that holds one JSON value.

    Raises:
        InvalidError: It does not, or it breaks a bound.
    """
    reader = _Reader(text)
    before, raw = reader.token()
    root = reader.value(raw, depth=0)
    after, rest = reader.token()
    if rest:
        raise reader.unexpected(rest)
    return JsonText(root, before, after)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.values = 0

    def token(self) -> tuple[str, str]:
        """Return the next white space, and the token after it; empty at the end."""
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            raise self.unexpected(self.text[self.position :].lstrip()[:1])
        self.position = match.end()
        return match[1], match[2] or match[3] or match[4] or ""

    def value(self, raw: str, *, depth: int) -> JsonNode:
        self.values += 1
        if self.values > MAX_VALUES:
            raise InvalidError(f"the JSON has more than {MAX_VALUES} values")
        if raw in _CLOSING:
            return self._collection(raw, depth=depth + 1)
        if not raw or raw in "}],:":
            raise self.unexpected(raw)
        return JsonNode(raw)

    def unexpected(self, found: str) -> InvalidError:
        line = self.text.count("\n", 0, self.position) + 1
        what = f"unexpected {found[:20]!r}" if found else "unexpected end"
        return InvalidError(f"error parsing JSON: line {line}: {what}")

    def _collection(self, opening: str, *, depth: int) -> JsonNode:
        if depth > MAX_DEPTH:
            raise InvalidError(f"the JSON is nested deeper than {MAX_DEPTH} levels")
        node = JsonNode(opening)
        space, raw = self.token()
        if raw == _CLOSING[opening]:
            node.tail = space
            return node
        while True:
            item = self._member(raw, depth) if node.is_object else self._element(raw, depth)
            item.before = space
            item.after, raw = self.token()
            node.items.append(item)
            if raw == _CLOSING[opening]:
                return node
            if raw != ",":
                raise self.unexpected(raw)
            space, raw = self.token()

    def _element(self, raw: str, depth: int) -> JsonItem:
        return JsonItem(self.value(raw, depth=depth))

    def _member(self, key: str, depth: int) -> JsonItem:
        if not key.startswith('"'):
            raise self.unexpected(key)
        before, colon = self.token()
        if colon != ":":
            raise self.unexpected(colon)
        after, raw = self.token()
        node = self.value(raw, depth=depth)
        return JsonItem(node, key=key, name=_unquoted(key), colon=f"{before}:{after}")


def _unquoted(raw: str) -> str:
    name: str = json.loads(raw) if "\\" in raw else raw[1:-1]
    return name


def _pieces(node: JsonNode) -> Iterator[str]:
    yield node.raw
    if node.raw not in _CLOSING:
        return
    yield node.tail
    for number, item in enumerate(node.items):
        yield "," if number else ""
        yield from (item.before, item.key, item.colon)
        yield from _pieces(item.node)
        yield item.after
    yield _CLOSING[node.raw]

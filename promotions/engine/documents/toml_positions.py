"""Where in a TOML text does each value stand?

The answer has the shape of the document itself, with the place of a value instead of the value.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import TypeAlias

from common.errors import InvalidError

MAX_DEPTH = 50
"""Levels of arrays and inline tables, and parts in one dotted key."""

_SPACE = re.compile(r"[ \t]*+")
_FILLER = re.compile(r"(?:[ \t\n]++|\r\n|#[^\n]*+)*+")
_LINE_END = re.compile(r"[ \t]*+(?:#[^\n]*+)?(?:\n|\r\n|\Z)")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]++")
_BASIC = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
_LITERAL = r"'[^'\n]*+'"
_QUOTED_KEY = re.compile(rf"(?!\"\"\"|''')(?:{_BASIC}|{_LITERAL})|\"\"|''")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}+(?!"))*+"{3,5}+'
    r"|'''(?:[^']|'{1,2}+(?!'))*+'{3,5}+"
    rf"|{_BASIC}|{_LITERAL}",
    re.DOTALL,
)
_DATE_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d[^\s,#\]}]*+"
_WORD = re.compile(rf"{_DATE_TIME}|[^\s,#\[\]{{}}\"'=]++", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scalar is written: characters ``start`` to ``end``."""

    start: int
    end: int


Positions: TypeAlias = "Place | dict[str, Positions] | list[Positions]"
Table: TypeAlias = "dict[str, Positions]"


@dataclass(frozen=True, slots=True)
class _Statement:
    """A header, or a key with its value; ``brackets`` is 1 or 2 for a header."""

    key: tuple[str, ...]
    brackets: int = 0
    value: "Positions | None" = None


def toml_positions(text: str) -> Table:
    """Return the document with the place of every scalar instead of its value.

    What the scalars look like, and whether keys are defined twice, is for a parser to say.

    Raises:
        InvalidError: The text is not made like TOML, or breaks a bound.
    """
    scanner = _Scanner(text)
    document: Table = {}
    current = document
    while (statement := scanner.statement()) is not None:
        if statement.brackets:
            current = _opened(document, statement)
        elif statement.value is not None:
            _define(current, statement.key, statement.value)
    return document


def _opened(document: Table, header: _Statement) -> Table:
    """Return the table that a header opens; of an array of tables, a new element."""
    parent = _table_at(document, header.key[:-1])
    name = header.key[-1]
    if header.brackets == 1:
        return _table_at(parent, (name,))
    tables = parent.setdefault(name, [])
    if not isinstance(tables, list):
        raise InvalidError(f"{_dotted(header.key)} is no array of tables")
    tables.append({})
    return _table_at(parent, (name,))


def _define(table: Table, key: tuple[str, ...], value: Positions) -> None:
    inner = _table_at(table, key[:-1])
    if key[-1] in inner:
        raise InvalidError(f"{_dotted(key)} is defined twice")
    inner[key[-1]] = value


def _table_at(table: Table, key: tuple[str, ...]) -> Table:
    """Return the table at a key, made if missing; in an array of tables the last one."""
    for part in key:
        found = table.setdefault(part, {})
        if isinstance(found, list) and found:
            found = found[-1]
        if not isinstance(found, dict):
            raise InvalidError(f"{_dotted(key)} is no table")
        table = found
    return table


def _dotted(key: tuple[str, ...]) -> str:
    return ".".join(key)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def statement(self) -> _Statement | None:
        """Return the next header or key, or ``None`` at the end."""
        self._skip(_FILLER)
        if self.position == len(self.text):
            return None
        brackets = 2 if self.text.startswith("[[", self.position) else 1
        if not self.text.startswith("[", self.position):
            key = self._key()
            self._expect("=")
            self._skip(_SPACE)
            statement = _Statement(key, value=self._value(depth=0))
        else:
            self.position += brackets
            statement = _Statement(self._key(), brackets)
            self._expect("]" * brackets)
        if self._take(_LINE_END) is None:
            raise self._unexpected()
        return statement

    def _key(self) -> tuple[str, ...]:
        parts: list[str] = []
        while not parts or self._accept("."):
            self._skip(_SPACE)
            raw = self._take(_BARE_KEY) or self._take(_QUOTED_KEY)
            if raw is None:
                raise self._unexpected()
            parts.append(_key_text(raw))
            if len(parts) > MAX_DEPTH:
                raise InvalidError(f"a TOML key has more than {MAX_DEPTH} parts")
            self._skip(_SPACE)
        return tuple(parts)

    def _value(self, *, depth: int) -> Positions:
        if depth > MAX_DEPTH:
            raise InvalidError(f"the TOML is nested deeper than {MAX_DEPTH} levels")
        if self._accept("["):
            return self._array(depth + 1)
        if self._accept("{"):
            return self._inline_table(depth + 1)
        start = self.position
        if self._take(_STRING) is None and self._take(_WORD) is None:
            raise self._unexpected()
        return Place(start, self.position)

    def _array(self, depth: int) -> list[Positions]:
        elements: list[Positions] = []
        self._skip(_FILLER)
        while not self._accept("]"):
            elements.append(self._value(depth=depth))
            self._skip(_FILLER)
            if not self._accept(","):
                self._expect("]")
                break
            self._skip(_FILLER)
        return elements

    def _inline_table(self, depth: int) -> Table:
        table: Table = {}
        self._skip(_SPACE)
        if self._accept("}"):
            return table
        while True:
            key = self._key()
            self._expect("=")
            self._skip(_SPACE)
            _define(table, key, self._value(depth=depth))
            self._skip(_SPACE)
            if not self._accept(","):
                self._expect("}")
                return table
            self._skip(_SPACE)

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return match[0]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _accept(self, token: str) -> bool:
        if not self.text.startswith(token, self.position):
            return False
        self.position += len(token)
        return True

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self._unexpected()

    def _unexpected(self) -> InvalidError:
        line = self.text.count("\n", 0, self.position) + 1
        found = self.text[self.position : self.position + 20].partition("\n")[0]
        what = f"unexpected {found!r}" if found else "something is missing"
        return InvalidError(f"error parsing TOML: line {line}: {what}")


def _key_text(raw: str) -> str:
    """Return a key without its quotes and escapes."""
    if raw[0] == "'":
        return raw[1:-1]
    if raw[0] != '"':
        return raw
    if "\\" not in raw:
        return raw[1:-1]
    try:
        name: str = tomllib.loads(f"key = {raw}")["key"]
    except tomllib.TOMLDecodeError as error:
        raise InvalidError(f"error parsing TOML: {raw[:50]} is no key") from error
    return name

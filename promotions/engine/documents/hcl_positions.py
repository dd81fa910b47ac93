"""Where in a text in HCL's native syntax does each value stand?

What is read is the structure: attributes, blocks with labels, and object literals. Other
expressions are only looked through for where they end.

Source: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from common.errors import InvalidError

MAX_DEPTH = 100
"""Levels of blocks, brackets and templates together."""

_SPACE = re.compile(r"(?:[ \t\r]++|/\*[\s\S]*?\*/)*+")
_FILLER = re.compile(r"(?:\s++|/\*[\s\S]*?\*/|(?:#|//)[^\n]*+)*+")
_LINE_COMMENT = re.compile(r"#|//")
_NAME = re.compile(r"[^\W\d][\w-]*+")
_OBJECT_KEY = re.compile(r"[\w.-]++")
_FOR = re.compile(r"for(?![\w-])")
_PLAIN = re.compile(r'[^\s"(){}\[\],#/<]++')
_TEXT = re.compile(r'(?:[^"\\$%\n]++|\\[^\n]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))++')
_HEREDOC = re.compile(r"<<-?([^\W\d][\w-]*+)[ \t]*+\r?\n")
_HEREDOC_TEXT = re.compile(r"(?:[^$%\n]++|\$\$\{|%%\{|\$(?!\{)|%(?!\{))++")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ESCAPED_TEMPLATES = {"$${": "${", "%%{": "%{"}


class HclKind(Enum):
    """What a value is, as far as it can be told."""

    OBJECT = "an object"
    TUPLE = "a tuple"
    EXPRESSION = "an expression"


@dataclass(frozen=True, slots=True)
class HclValue:
    """The value of an attribute or of an object's member: characters ``start`` to ``end``."""

    start: int
    end: int
    kind: HclKind
    members: "HclBody" = ()


@dataclass(frozen=True, slots=True)
class HclBlock:
    """A block, without its type."""

    labels: tuple[str, ...]
    body: "HclBody"


HclBody: TypeAlias = "tuple[tuple[str, HclValue | HclBlock], ...]"
"""Attributes and blocks by name, in order; a name may be there more than once."""


def hcl_positions(text: str) -> HclBody:
    """Return the structure of a text with the places of its values.

    Raises:
        InvalidError: It is not made like HCL, or breaks a bound.
    """
    reader = _Reader(text)
    body = reader.body(depth=0)
    if reader.position < len(text):
        raise reader.unexpected()
    return body


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def body(self, *, depth: int) -> HclBody:
        """Return the attributes and blocks up to a closing brace or the end."""
        self._check(depth)
        items: list[tuple[str, HclValue | HclBlock]] = []
        self._take(_FILLER)
        while self.position < len(self.text) and not self._at("}"):
            name = self._take(_NAME)
            if not name:
                raise self.unexpected()
            self._take(_SPACE)
            if self._accept("="):
                items.append((name, self._value("}", depth)))
            else:
                items.append((name, self._block(depth + 1)))
            self._take(_SPACE)
            if not (self._ends_line() or self._at("}")):
                raise self.unexpected()
            self._take(_FILLER)
        return tuple(items)

    def unexpected(self) -> InvalidError:
        line = self.text.count("\n", 0, self.position) + 1
        found = self.text[self.position : self.position + 20].partition("\n")[0]
        what = f"unexpected {found!r}" if found else "something is missing"
        return InvalidError(f"error parsing HCL: line {line}: {what}")

    def _block(self, depth: int) -> HclBlock:
        labels = []
        while not self._accept("{"):
            label = self._string(depth) if self._at('"') else self._take(_NAME) or None
            if label is None:
                raise self.unexpected()
            labels.append(label)
            self._take(_SPACE)
        body = self.body(depth=depth)
        self._expect("}")
        return HclBlock(tuple(labels), body)

    def _value(self, ends: str, depth: int) -> HclValue:
        """Return the expression up to the end of the line or one of the characters ``ends``."""
        self._take(_SPACE)
        start = end = self.position
        kind = HclKind.EXPRESSION
        members: HclBody = ()
        while not (self._ends_line() or self.text[self.position] in ends):
            if end > start:
                kind, members = HclKind.EXPRESSION, ()
            elif self._at("{"):
                kind, members = HclKind.OBJECT, self._object(depth + 1)
            elif self._at("["):
                kind = HclKind.TUPLE
            if self.position == end or kind is not HclKind.OBJECT:
                self._piece(depth)
            end = self.position
            self._take(_SPACE)
        if end == start:
            raise self.unexpected()
        return HclValue(start, end, kind, members)

    def _object(self, depth: int) -> HclBody:
        """Return the members of an object literal; a ``for`` has none that could be named."""
        self._check(depth)
        start = self.position
        self._expect("{")
        self._take(_FILLER)
        if _FOR.match(self.text, self.position):
            self.position = start
            self._piece(depth)
            return ()
        members: list[tuple[str, HclValue | HclBlock]] = []
        while not self._accept("}"):
            key = self._key(depth)
            self._take(_SPACE)
            if not (self._accept("=") or self._accept(":")):
                raise self.unexpected()
            value = self._value(",}", depth)
            if key is not None:
                members.append((key, value))
            self._take(_FILLER)
            if self._accept(","):
                self._take(_FILLER)
        return tuple(members)

    def _key(self, depth: int) -> str | None:
        """Return the key of a member, or ``None`` if it is computed."""
        if self._at('"'):
            return self._string(depth)
        if self._at("("):
            self._piece(depth)
            return None
        key = self._take(_OBJECT_KEY)
        if not key:
            raise self.unexpected()
        return key

    def _piece(self, depth: int) -> None:
        """Go behind the next part of an expression, with all that is in its brackets."""
        char = self.text[self.position]
        if char == '"':
            self._string(depth)
        elif char in _CLOSING:
            self._bracketed(_CLOSING[char], depth + 1)
        elif heredoc := _HEREDOC.match(self.text, self.position):
            self.position = heredoc.end()
            self._heredoc(heredoc[1], depth)
        elif char in ")]}," or self._at("/*"):  # a comment here has no end
            raise self.unexpected()
        elif not self._take(_PLAIN):
            self.position += 1

    def _bracketed(self, closing: str, depth: int) -> None:
        """Go behind the bracket that closes the one here."""
        self._check(depth)
        self.position += 1
        self._take(_FILLER)
        while not self._accept(closing):
            if self.position == len(self.text):
                raise self.unexpected()
            if not self._accept(","):
                self._piece(depth)
            self._take(_FILLER)

    def _string(self, depth: int) -> str | None:
        """Go behind a quoted string and return what it says, or ``None`` if that is computed."""
        start = self.position
        is_literal = True
        self._expect('"')
        while not self._accept('"'):
            if self._at("${") or self._at("%{"):
                is_literal = False
                self.position += 1
                self._bracketed("}", depth + 1)
            elif not self._take(_TEXT):
                raise self.unexpected()
        return _unquoted(self.text[start : self.position]) if is_literal else None

    def _heredoc(self, marker: str, depth: int) -> None:
        """Go to the end of the line that holds but the marker."""
        while self.position < len(self.text):
            end = self.text.find("\n", self.position)
            end = len(self.text) if end < 0 else end
            if self.text[self.position : end].strip() == marker:
                self.position += len(self.text[self.position : end].rstrip())
                return
            self._heredoc_line(depth)
        raise self.unexpected()

    def _heredoc_line(self, depth: int) -> None:
        """Go to the next line, which may be some lines on if a template begins in this one."""
        while self.position < len(self.text) and not self._accept("\n"):
            if self._at("${") or self._at("%{"):
                self.position += 1
                self._bracketed("}", depth + 1)
            else:
                self._take(_HEREDOC_TEXT)

    def _ends_line(self) -> bool:
        is_over = self.position == len(self.text) or self._at("\n")
        return is_over or _LINE_COMMENT.match(self.text, self.position) is not None

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match[0]

    def _at(self, token: str) -> bool:
        return self.text.startswith(token, self.position)

    def _accept(self, token: str) -> bool:
        found = self._at(token)
        self.position += len(token) if found else 0
        return found

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise self.unexpected()

    def _check(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise InvalidError(f"the HCL is nested deeper than {MAX_DEPTH} levels")


def _unquoted(raw: str) -> str:
    """Return what a string without templates says."""
    try:
        text: str = json.loads(raw, strict=False)
    except ValueError:  # an escape that JSON does not have
        return raw[1:-1]
    for escape, template in _ESCAPED_TEMPLATES.items():
        text = text.replace(escape, template)
    return text

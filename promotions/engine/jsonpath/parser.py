"""Parses JSONPath templates in the dialect of Kubernetes.

What stands outside braces is text. The grammar is what client-go's parser accepts: keys in
brackets take single quotes, filters do not nest, and there is no arithmetic.

Source: Kubernetes client-go ``util/jsonpath`` parser.go.
"""

import math
import re
from functools import lru_cache

from promotions.engine.jsonpath.errors import JSONPathError
from promotions.engine.jsonpath.nodes import (
    Action,
    Field,
    Filter,
    Identifier,
    Literal,
    Node,
    Recursive,
    Slice,
    Template,
    Text,
    Union,
    Wildcard,
)
from promotions.engine.jsonpath.quoting import unquote

LONGEST = 4096
_DEEPEST = 20
_LARGEST_INT = 2**63 - 1
_LONGEST_INT = 20

_END = ""
_NUMBER_START = frozenset("+-")
_TERMINATORS = frozenset(" \t\r\n.,[]$@{}")
_QUOTED_KEY = re.compile(r"'([^']*)'")
_SLICE = re.compile(r"(-?\d*)(:-?\d*)?(:-?\d*)?", re.ASCII)
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")


@lru_cache(maxsize=1024)
def parse(text: str) -> Template:
    """Return the parts of a template.

    Raises:
        JSONPathError: Its syntax is wrong, or it is longer than ``LONGEST`` characters.
    """
    if len(text) > LONGEST:
        raise JSONPathError(f"the JSONPath is longer than {LONGEST} characters")
    return _Parser(text, depth=0).template()


def _parse_action(text: str, depth: int) -> Action:
    """Return the first action of ``{text}``; whatever a stray brace adds is dropped, as in Go."""
    if depth > _DEEPEST:
        raise JSONPathError("the JSONPath is nested too deeply")
    action = _Parser(f"{{{text}}}", depth=depth).template()[0]
    return action if isinstance(action, Action) else Action()


class _Parser:
    """Walks the characters of one text; ``start`` is where the current token began."""

    def __init__(self, text: str, *, depth: int) -> None:
        self.text = text
        self.depth = depth
        self.position = 0
        self.start = 0

    def template(self) -> Template:
        parts: list[Text | Action] = []
        while self.position < len(self.text):
            brace = self.text.find("{", self.position)
            self.position = len(self.text) if brace < 0 else brace
            if outside := self._taken():
                parts.append(Text(outside))
            if brace >= 0:
                self._skip("{")
                parts.append(self._action())
        return tuple(parts)

    def _action(self) -> Action:
        nodes: list[Node] = []
        while not self._skip("}"):
            if self._skip("[?("):
                nodes.append(self._filter())
            elif self._skip(".."):
                nodes.extend(self._recursive(nodes))
            else:
                nodes.extend(self._simple())
        return Action(tuple(nodes))

    def _simple(self) -> list[Node]:
        start = self._next()
        if start in {_END, "\r", "\n"}:
            raise JSONPathError("unclosed action")
        if start in {" ", "@", "$"}:
            self._taken()
            return []
        if start == "[":
            return self._array()
        if start == ".":
            self._taken()
            return [self._field()]
        return [self._word(start)]

    def _word(self, start: str) -> Node:
        if start in {'"', "'"}:
            return self._quoted(start)
        if start in _NUMBER_START or start.isdecimal():
            return self._number()
        if _is_alphanumeric(start):
            return self._identifier()
        shown = f" '{start}'" if start.isprintable() else ""
        raise JSONPathError(f"unrecognized character in action: U+{ord(start):04X}{shown}")

    def _recursive(self, before: list[Node]) -> list[Node]:
        if before and isinstance(before[-1], Recursive):
            raise JSONPathError("invalid multiple recursive descent")
        return [Recursive(), self._field()] if _is_alphanumeric(self._peek()) else [Recursive()]

    def _field(self) -> Node:
        while (character := self._peek()) and character not in _TERMINATORS:
            self.position = min(self.position + (2 if character == "\\" else 1), len(self.text))
        name = self._taken()
        return Wildcard() if name == "*" else Field(name.replace("\\", ""))

    def _identifier(self) -> Node:
        while (character := self._peek()) and character not in _TERMINATORS:
            self.position += 1
        name = self._taken()
        return Literal(name == "true") if name in {"true", "false"} else Identifier(name)

    def _number(self) -> Node:
        while (character := self._peek()) and (character == "." or character.isdecimal()):
            self.position += 1
        return Literal(_read_number(self._taken()))

    def _quoted(self, quote: str) -> Node:
        while (character := self._next()) != quote or self.text[self.position - 2] == "\\":
            if character in {_END, "\n"}:
                raise JSONPathError("unterminated quoted string")
        literal = self._taken()
        try:
            return Text(unquote(literal))
        except ValueError as error:
            raise JSONPathError(f"unquote string {literal} error invalid syntax") from error

    def _array(self) -> list[Node]:
        while (character := self._next()) != "]":
            if character in {_END, "\n"}:
                raise JSONPathError("unterminated array")
        inside = self._taken()[1:-1]
        parts = inside.split(",")
        if len(parts) > 1:
            return [Union(tuple(self._inner(f"[{part.strip(' ')}]") for part in parts))]
        if key := _QUOTED_KEY.fullmatch(inside):
            return list(self._inner(f".{key[1]}").nodes)
        return [_read_slice(":" if inside == "*" else inside)]

    def _filter(self) -> Node:
        inside = self._filter_text()
        comparison = _COMPARISON.fullmatch(inside)
        if comparison is None:
            return Filter(self._inner(inside))
        left, operator, right = comparison.groups()
        return Filter(self._inner(left), operator, self._inner(right))

    def _filter_text(self) -> str:
        """Take all up to ``)]``; a parenthesis inside the first pair of quotes does not count."""
        opening, is_closed = "", False
        while (character := self._next()) != ")" or bool(opening) != is_closed:
            if character in {_END, "\n"}:
                raise JSONPathError("unterminated filter")
            if character in {'"', "'"} and not opening:
                opening = character
            elif character == opening and self.text[self.position - 2] != "\\":
                is_closed = True
        if self._next() != "]":
            raise JSONPathError("unclosed array expect ]")
        return self._taken()[:-2]

    def _inner(self, text: str) -> Action:
        return _parse_action(text, self.depth + 1)

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _next(self) -> str:
        character = self._peek()
        self.position += len(character)
        return character

    def _skip(self, wanted: str) -> bool:
        found = self.text.startswith(wanted, self.position)
        if found:
            self.position += len(wanted)
            self.start = self.position
        return found

    def _taken(self) -> str:
        taken = self.text[self.start : self.position]
        self.start = self.position
        return taken


def _is_alphanumeric(character: str) -> bool:
    return character == "_" or character.isalpha() or character.isdecimal()


def _read_number(text: str) -> int | float:
    whole = _read_int(text)
    if whole is not None:
        return whole
    try:
        number = float(text) if text.isascii() else math.inf
    except ValueError:
        number = math.inf
    if math.isinf(number):
        raise JSONPathError(f"cannot parse number {text}")
    return number


def _read_slice(text: str) -> Slice:
    match = _SLICE.fullmatch(text)
    if match is None:
        raise JSONPathError(f"invalid array index {text}")
    start = _bound(match[1]) if match[1] else None
    step = _bound(match[3][1:]) if match[3] and match[3] != ":" else None
    if match[2] is None:
        return Slice(start, (start or 0) + 1, step, is_index=True)
    return Slice(start, _bound(match[2][1:]) if match[2] != ":" else None, step)


def _bound(text: str) -> int:
    number = _read_int(text)
    if number is None:
        raise JSONPathError(f"array index {text} is not a number")
    return number


def _read_int(text: str) -> int | None:
    digits = text.lstrip("+-").lstrip("0") or "0"
    if not (text.isascii() and text.lstrip("+-").isdecimal()) or len(digits) > _LONGEST_INT:
        return None
    number = int(text)
    return number if -_LARGEST_INT - 1 <= number <= _LARGEST_INT else None

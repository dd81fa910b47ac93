"""Says what is wrong with a text that is not JSON, in the words of Go's ``encoding/json``.

Source: Go ``encoding/json`` scanner.go.
"""

import re
from enum import Enum, auto

from promotions.engine.goquote import go_quote

_SPACE = re.compile(r"[ \t\r\n]*")
_DIGITS = re.compile(r"[0-9]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_WORDS = {"t": "true", "f": "false", "n": "null"}
_ENDS = {"{": "}", "[": "]"}
_NO_END = "unexpected end of JSON input"
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_HEXADECIMAL_DIGITS = 4


class _Next(Enum):
    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    AFTER = auto()


class _ProblemError(Exception):
    """The text is no JSON; the message says why."""


def syntax_problem(text: str) -> str:
    """Return what Go says of the first thing that is wrong, empty if the text is JSON."""
    try:
        _Scanner(text).scan()
    except _ProblemError as problem:
        return str(problem)
    return ""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.ends: list[str] = []

    def scan(self) -> None:
        following = _Next.VALUE
        while following is not _Next.AFTER or self.ends or not self._at_end():
            following = self._step(following, self._significant())

    def _at_end(self) -> bool:
        match = _SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        return self.position >= len(self.text)

    def _significant(self) -> str:
        if self._at_end():
            raise _ProblemError(_NO_END)
        return self._take()

    def _take(self) -> str:
        """Return the next character; at the end a space, which fits inside no token."""
        self.position += 1
        return self.text[self.position - 1 : self.position] or " "

    def _peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def _step(self, following: _Next, character: str) -> _Next:
        match following:
            case _Next.VALUE | _Next.VALUE_OR_END:
                return self._value(character, may_end=following is _Next.VALUE_OR_END)
            case _Next.KEY | _Next.KEY_OR_END:
                return self._key(character, may_end=following is _Next.KEY_OR_END)
            case _Next.COLON:
                return _Next.VALUE if character == ":" else _wrong(character, "after object key")
            case _Next.AFTER:
                return self._after(character)

    def _value(self, character: str, *, may_end: bool) -> _Next:
        if may_end and character == "]":
            return self._closed()
        if character in _ENDS:
            self.ends.append(_ENDS[character])
            return _Next.KEY_OR_END if character == "{" else _Next.VALUE_OR_END
        if character == '"':
            self._string()
        elif character in _WORDS:
            self._word(_WORDS[character])
        elif character == "-" or (character in _HEXADECIMAL and character.isdigit()):
            self._number(character)
        else:
            _wrong(character, "looking for beginning of value")
        return _Next.AFTER

    def _key(self, character: str, *, may_end: bool) -> _Next:
        if may_end and character == "}":
            return self._closed()
        if character != '"':
            _wrong(character, "looking for beginning of object key string")
        self._string()
        return _Next.COLON

    def _after(self, character: str) -> _Next:
        if not self.ends:
            return _wrong(character, "after top-level value")
        end = self.ends[-1]
        if character == end:
            return self._closed()
        if character == ",":
            return _Next.KEY if end == "}" else _Next.VALUE
        return _wrong(
            character, "after object key:value pair" if end == "}" else "after array element"
        )

    def _closed(self) -> _Next:
        self.ends.pop()
        return _Next.AFTER

    def _string(self) -> None:
        while True:
            plain = _PLAIN.match(self.text, self.position)
            self.position = plain.end() if plain else self.position
            if self.position >= len(self.text):
                raise _ProblemError(_NO_END)
            character = self._take()
            if character == '"':
                return
            if character != "\\":
                _wrong(character, "in string literal")
            self._escape(self._take())

    def _escape(self, character: str) -> None:
        if character == "u":
            for _ in range(_HEXADECIMAL_DIGITS):
                if (digit := self._take()) not in _HEXADECIMAL:
                    _wrong(digit, "in \\u hexadecimal character escape")
        elif character not in 'bfnrt\\/"':
            _wrong(character, "in string escape code")

    def _word(self, word: str) -> None:
        for wanted in word[1:]:
            if (character := self._take()) != wanted:
                _wrong(character, f"in literal {word} (expecting '{wanted}')")

    def _number(self, character: str) -> None:
        if character == "-":
            character = self._digit("in numeric literal")
        if character != "0":
            self._digits()
        if self._peek() == ".":
            self.position += 1
            self._digit("after decimal point in numeric literal")
            self._digits()
        if self._peek() in {"e", "E"}:
            self.position += 1
            if self._peek() in {"+", "-"}:
                self.position += 1
            self._digit("in exponent of numeric literal")
            self._digits()

    def _digit(self, where: str) -> str:
        character = self._take()
        if character not in "0123456789":
            _wrong(character, where)
        return character

    def _digits(self) -> None:
        match = _DIGITS.match(self.text, self.position)
        self.position = match.end() if match else self.position


def _wrong(character: str, where: str) -> _Next:
    raise _ProblemError(f"invalid character {_quoted(character)} {where}")


def _quoted(character: str) -> str:
    """Return the character in single quotes; Go sees only the first byte of it."""
    if character == "'":
        return r"'\''"
    if character == '"':
        return "'\"'"
    first = character.encode(errors="surrogateescape")[0]
    return f"'{go_quote(chr(first))[1:-1]}'"

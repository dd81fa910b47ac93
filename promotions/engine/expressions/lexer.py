"""Cuts the text of an expression into tokens.

Source: https://github.com/expr-lang/expr ``parser/lexer``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.expressions.errors import ExpressionError

_WORD_OPERATORS = frozenset(
    ["not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"]
)
NEGATABLE = frozenset({"in", "matches", "contains", "startsWith", "endsWith"})

_WORD = r"(?:[^\W\d]|\$)(?:\w|\$)*"
_DIGITS = r"[0-9_]*"
_NUMBER = (
    r"(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|\d[0-9_]*)"
    rf"(?:\.(?!\.){_DIGITS})?(?:[eE][+-]?{_DIGITS})?"
    rf"|\.\d{_DIGITS}(?:[eE][+-]?{_DIGITS})?"
)
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<bytes>[bB](?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<raw>`(?:[^`]|``)*`)
  | (?P<number>{_NUMBER})
  | (?P<word>{_WORD})
  | (?P<bracket>[()\[\]{{}}])
  | (?P<operator>\?\.|\?\?|\|\||::|\.\.|[&!=*<>][&=*]|[?|:.,;%+\-^&!=*<>/\#])
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTES = frozenset("'\"`")


class TokenKind(StrEnum):
    """What a token is."""

    IDENTIFIER = "identifier"
    NUMBER = "number"
    STRING = "string"
    RAW_STRING = "raw string"
    BYTES = "bytes"
    OPERATOR = "operator"
    BRACKET = "bracket"
    END = "end"


_KINDS = {
    "bytes": TokenKind.BYTES,
    "string": TokenKind.STRING,
    "raw": TokenKind.RAW_STRING,
    "number": TokenKind.NUMBER,
    "bracket": TokenKind.BRACKET,
    "operator": TokenKind.OPERATOR,
}


@dataclass(frozen=True, slots=True)
class Token:
    """A token: its kind, its text as written, and where it starts."""

    kind: TokenKind
    text: str
    offset: int

    def is_operator(self, *texts: str) -> bool:
        """Return whether this is one of the operators."""
        return self.kind is TokenKind.OPERATOR and self.text in texts

    def is_bracket(self, text: str) -> bool:
        """Return whether this is the bracket."""
        return self.kind is TokenKind.BRACKET and self.text == text

    def __str__(self) -> str:
        return "the end" if self.kind is TokenKind.END else f"{self.kind} {self.text!r}"


def tokenise(text: str) -> list[Token]:
    """Return the tokens of ``text``, ending with one of kind END.

    Raises:
        ExpressionError: A character fits nowhere, or a literal is not terminated.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unexpected(text, position)
        position = match.end()
        if match.lastgroup == "space":
            continue
        token = Token(_kind(match.lastgroup or "", match.group()), match.group(), match.start())
        if token.kind is TokenKind.NUMBER and re.match(r"\w|\$", text[position : position + 1]):
            raise ExpressionError.at(position, text, f"bad number syntax: {token.text!r}")
        tokens.append(token)
    tokens.append(Token(TokenKind.END, "", len(text)))
    return tokens


def _kind(group: str, text: str) -> TokenKind:
    if group == "word":
        return TokenKind.OPERATOR if text in _WORD_OPERATORS else TokenKind.IDENTIFIER
    return _KINDS[group]


def _unexpected(text: str, position: int) -> ExpressionError:
    char = text[position]
    if char in _QUOTES or text[position : position + 2].lower() in ('b"', "b'"):
        return ExpressionError.at(position, text, "literal not terminated")
    if text.startswith("/*", position):
        return ExpressionError.at(position, text, "unclosed comment")
    return ExpressionError.at(position, text, f"unrecognized character: {char!r}")

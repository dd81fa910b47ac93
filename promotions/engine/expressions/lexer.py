"""Cuts the text of an expression into tokens.

Source: https://github.com/expr-lang/expr ``parser/lexer``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.goquote import go_quote

MOST_TOKENS = 50_000

_WORD_OPERATORS = frozenset(
    ["not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else"]
)
NEGATABLE = frozenset({"in", "matches", "contains", "startsWith", "endsWith"})

WHITE_SPACE = (
    " \t\n\v\f\r\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_DIGITS = r"[0-9_]*"
_NUMBER = (
    r"(?:0[xX][0-9a-fA-F_]*|0[oO][0-7_]*|0[bB][01_]*|[0-9][0-9_]*)"
    rf"(?:\.(?!\.){_DIGITS})?(?:[eE][+-]?{_DIGITS})?"
    rf"|\.[0-9]{_DIGITS}(?:[eE][+-]?{_DIGITS})?"
)
_TOKEN = re.compile(
    rf"""
    (?P<space>[{re.escape(WHITE_SPACE)}]+|//[^\n]*|/\*.*?\*/)
  | (?P<bytes>[bB](?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<raw>`(?:[^`]|``)*`)
  | (?P<number>{_NUMBER})
  | (?P<word>[\w$]+)
  | (?P<bracket>[()\[\]{{}}])
  | (?P<operator>\?\.|\?\?|\|\||::|\.\.|\#\#|[&!=*<>][&=*]|[?|:.,;%+\-^&!=*<>\#]|/(?!\*))
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


_QUOTED = frozenset({TokenKind.STRING, TokenKind.RAW_STRING})
_SHOWN_KINDS = {TokenKind.RAW_STRING: "String"}
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
        """Return what the reference's messages call it, such as ``Number("10")`` or ``EOF``."""
        if self.kind is TokenKind.END:
            return "EOF"
        value = self.text[1:-1] if self.kind in _QUOTED else self.text
        return f"{_SHOWN_KINDS.get(self.kind, self.kind.title())}({go_quote(value)})"


def tokenise(text: str) -> list[Token]:
    """Return the tokens of ``text``, ending with one of kind END.

    Raises:
        ExpressionError: A character fits nowhere, a literal is not terminated, or there are too
            many tokens.
    """
    tokens: list[Token] = []
    for token in _tokens(text):
        if len(tokens) >= MOST_TOKENS:
            raise ExpressionError.at(token.offset, text, "the expression is too long")
        tokens.append(token)
    return tokens


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    after_pointer = False
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unexpected(text, position)
        token = _token(text, match)
        position = match.end() if token is None else token.offset + len(token.text)
        if token is None:
            after_pointer = False
            continue
        if after_pointer and _is_wordlike(token.text):
            # Whatever word follows "#" at once is a name: "#in", "#1".
            token = Token(TokenKind.IDENTIFIER, token.text, token.offset)
        after_pointer = token.is_operator("#")
        yield token
    yield Token(TokenKind.END, "", len(text))


def _token(text: str, match: re.Match[str]) -> Token | None:
    """Return the token that was found; of white space and comments, none."""
    group, found = match.lastgroup or "", match.group()
    if group == "space":
        return None
    if group == "word":
        found = _word(found)
        if not found:
            raise _unexpected(text, match.start())
        kind = TokenKind.OPERATOR if found in _WORD_OPERATORS else TokenKind.IDENTIFIER
        return Token(kind, found, match.start())
    if group == "number" and _is_wordlike(text[match.end() : match.end() + 1]):
        raise ExpressionError.at(match.end(), text, f"bad number syntax: {found!r}")
    return Token(_KINDS[group], found, match.start())


def _word(text: str) -> str:
    """Return how far the text consists of what Go calls letters and digits."""
    if text.isascii():
        return text
    end = next((at for at, char in enumerate(text) if not _is_wordlike(char)), len(text))
    return text[:end]


def _is_wordlike(text: str) -> bool:
    """Return whether this is one or more letters and digits, in Go's sense."""
    return bool(text) and all(it.isalpha() or it.isdecimal() or it in "_$" for it in text)


def _unexpected(text: str, position: int) -> ExpressionError:
    char = text[position]
    if char in _QUOTES or text[position : position + 2].lower() in ('b"', "b'"):
        return ExpressionError.at(position, text, "literal not terminated")
    if text.startswith("/*", position):
        return ExpressionError.at(position, text, "unclosed comment")
    return ExpressionError.at(position, text, f"unrecognized character: {char!r}")

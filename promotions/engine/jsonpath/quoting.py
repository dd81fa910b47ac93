"""Reads quoted literals of JSONPath: Go's escapes, in single quotes as well as double ones.

Source: Kubernetes client-go ``util/jsonpath`` UnquoteExtend and Go ``strconv.UnquoteChar``.
"""

import re

_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})"
    r"|(?P<octal>[0-7]{3})|(?P<simple>.)|)",
    re.DOTALL,
)
_LARGEST_RUNE = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_LARGEST_BYTE = 0xFF


def unquote(literal: str) -> str:
    """Return what a literal stands for, its quotes included in ``literal``.

    Bytes that make no UTF-8 are kept as surrogates.

    Raises:
        ValueError: An escape is malformed, or the quote stands unescaped inside.
    """
    quote, inside = literal[0], literal[1:-1]
    if "\\" not in inside:
        return inside
    done = b""
    position = 0
    for escape in _ESCAPE.finditer(inside):
        done += _plain(inside[position : escape.start()], quote)
        done += _escaped(escape, quote)
        position = escape.end()
    done += _plain(inside[position:], quote)
    return done.decode(errors="surrogateescape")


def _plain(text: str, quote: str) -> bytes:
    if quote in text:
        raise ValueError("the quote must be escaped")
    return text.encode(errors="surrogateescape")


def _escaped(escape: re.Match[str], quote: str) -> bytes:
    if octal := escape["octal"]:
        return _byte(int(octal, 8))
    if escape["x"]:
        return _byte(int(escape["x"], 16))
    if code := escape["u"] or escape["U"]:
        return _rune(int(code, 16))
    simple = escape["simple"]
    if simple == quote:
        return quote.encode()
    if simple not in _SIMPLE:
        raise ValueError("there is no such escape")
    return _SIMPLE[simple].encode()


def _byte(value: int) -> bytes:
    if value > _LARGEST_BYTE:
        raise ValueError("the escape is too large for a byte")
    return bytes([value])


def _rune(code: int) -> bytes:
    if code > _LARGEST_RUNE or code in _SURROGATES:
        raise ValueError("the escape is no character")
    return chr(code).encode()

"""Reads the values of number, string and byte literals."""

import math
import re

from promotions.engine.expressions.values import raw_bytes

_LARGEST_INT = 2**63 - 1
_MOST_DIGITS = 64
_PREFIXES = {"0x": 16, "0o": 8, "0b": 2}
_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
}
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|u\{(?P<braces>[0-9a-fA-F]{1,6})\}"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<simple>[abfnrtv\\'\"])|(?P<bad>.?))",
    re.DOTALL,
)
_LARGEST_RUNE = 0x10FFFF
_REPLACEMENT = "\ufffd"


def read_number(text: str) -> int | float:
    """Return the value of a number literal; underscores are ignored.

    Raises:
        ValueError: It is malformed, or an integer does not fit 64 bits.
    """
    digits = text.replace("_", "")
    lower = digits.lower()
    base = _PREFIXES.get(lower[:2])
    if base is None and ("." in lower or "e" in lower):
        return _read_float(digits)
    whole = (digits[2:] if base else digits).lstrip("0") or digits[-1]
    value = int(whole, base or 10) if len(whole) <= _MOST_DIGITS else math.inf
    if value > _LARGEST_INT:
        raise ValueError("the integer does not fit 64 bits")
    return int(value)


def read_string(text: str) -> str:
    """Return the value of a quoted literal, quotes included in ``text``.

    Raises:
        ValueError: An escape is unknown.
    """
    quote, body = text[0], text[1:-1]
    return _ESCAPE.sub(lambda match: _escaped_text(match, quote), body) if "\\" in body else body


def read_raw_string(text: str) -> str:
    """Return the value of a literal between backquotes, where two of them stand for one."""
    return text[1:-1].replace("``", "`")


def read_bytes(text: str) -> bytes:
    r"""Return the value of a byte literal such as ``b"\xff"``.

    Raises:
        ValueError: An escape is unknown, or names a character rather than a byte.
    """
    quote, body = text[1], text[2:-1]
    done = bytearray()
    position = 0
    for match in _ESCAPE.finditer(body):
        done += raw_bytes(body[position : match.start()])
        done += _escaped_byte(match, quote)
        position = match.end()
    return bytes(done + raw_bytes(body[position:]))


def _read_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("the number does not fit a float")
    return value


def _escaped_text(match: re.Match[str], quote: str) -> str:
    if match["simple"]:
        return _simple(match["simple"], quote)
    if match["bad"] is not None:
        raise ValueError("invalid char escape")
    if match["octal"]:
        return chr(int(match["octal"], 8))
    code = int(match["x"] or match["u"] or match["braces"] or match["U"], 16)
    if code > _LARGEST_RUNE:
        raise ValueError("invalid char escape")
    return _REPLACEMENT if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004  surrogates


def _simple(char: str, quote: str) -> str:
    if char in "'\"" and char != quote:
        raise ValueError("invalid char escape")
    return _SIMPLE[char]


def _escaped_byte(match: re.Match[str], quote: str) -> bytes:
    if match["simple"]:
        return _simple(match["simple"], quote).encode()
    if match["x"]:
        return bytes([int(match["x"], 16)])
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    raise ValueError("invalid char escape in bytes")

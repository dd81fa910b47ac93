"""Reads the values of number, string and byte literals."""

import re

_LARGEST_INT = 2**63 - 1
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
    value = int(digits[2:], base) if base else int(digits)
    if value > _LARGEST_INT:
        raise ValueError(f"integer literal is too large: {text}")
    return value


def read_string(text: str) -> str:
    """Return the value of a quoted literal, quotes included in ``text``.

    Raises:
        ValueError: An escape is unknown.
    """
    return _ESCAPE.sub(_escaped_text, text[1:-1])


def read_raw_string(text: str) -> str:
    """Return the value of a literal between backquotes, where two of them stand for one."""
    return text[1:-1].replace("``", "`")


def read_bytes(text: str) -> bytes:
    r"""Return the value of a byte literal such as ``b"\xff"``.

    Raises:
        ValueError: An escape is unknown, or names a character rather than a byte.
    """
    done = b""
    position = 0
    body = text[2:-1]
    for match in _ESCAPE.finditer(body):
        done += body[position : match.start()].encode()
        done += _escaped_byte(match)
        position = match.end()
    return done + body[position:].encode()


def _read_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"float literal is out of range: {digits}")
    return value


def _escaped_text(match: re.Match[str]) -> str:
    if match["simple"]:
        return _SIMPLE[match["simple"]]
    if match["bad"] is not None:
        raise ValueError("invalid char escape")
    if match["octal"]:
        return chr(int(match["octal"], 8))
    code = int(match["x"] or match["u"] or match["braces"] or match["U"], 16)
    if code > _LARGEST_RUNE:
        raise ValueError("invalid char escape")
    return _REPLACEMENT if 0xD800 <= code <= 0xDFFF else chr(code)  # noqa: PLR2004  surrogates


def _escaped_byte(match: re.Match[str]) -> bytes:
    if match["simple"]:
        return _SIMPLE[match["simple"]].encode()
    if match["x"]:
        return bytes([int(match["x"], 16)])
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    raise ValueError("invalid char escape in bytes")

"""Decides how go.yaml.in/yaml/v3 spells a string: plain, quoted, or as a block of lines.

Source: https://github.com/yaml/go-yaml v3 ``resolve.go``, ``encode.go`` and ``emitterc.go``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.expressions.builtins.conversions import parse_float
from promotions.engine.expressions.values import LARGEST_INT

BREAKS = frozenset("\n\r\x85\u2028\u2029")
BYTE_ORDER_MARK = "\ufeff"

_BLANKS = frozenset(" \t")
_LARGEST_UNSIGNED = 2 * LARGEST_INT + 1
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_OTHER_THAN_STRINGS = frozenset(
    ("", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE")
) | frozenset(
    sign + name
    for sign in ("", "+", "-")
    for name in (".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF")
    if not (sign and name.lower() == ".nan")
)
_OLD_BOOLEANS = frozenset(
    ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO")
) | frozenset(("off", "Off", "OFF"))

_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGERS = {
    10: re.compile(r"[-+]?(?:0|[1-9][0-9]*)"),
    16: re.compile(r"[-+]?0[xX][0-9a-fA-F]+"),
    8: re.compile(r"[-+]?0[oO]?[0-7]+|0o[-+][0-7]+"),
    2: re.compile(r"[-+]?0[bB][01]+|0b[-+][01]+"),
}
_TIMESTAMP = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?:(?P<separator>[Tt ])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{1,2}):(?P<second>[0-9]{1,2})"
    r"(?:[.,][0-9]+)?(?P<zone>Z|[-+](?P<zone_hour>[0-9]{2}):(?P<zone_minute>[0-9]{2}))?)?"
)
_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_NEEDS_ESCAPE = re.compile('[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]|["\\\\\u2028\u2029]')
_SHORT_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}
_BLOCK_STARTS = frozenset("#,[]{}&*!|>'\"%@`")


class Style(StrEnum):
    """How a scalar is written."""

    PLAIN = "plain"
    SINGLE_QUOTED = "single quoted"
    DOUBLE_QUOTED = "double quoted"
    LITERAL = "literal"


@dataclass(frozen=True, slots=True)
class Analysis:
    """Which styles a text can take without being read as something else."""

    is_multiline: bool = False
    is_plain_allowed: bool = True
    is_single_quoted_allowed: bool = True
    is_literal_allowed: bool = True


def style_of_string(text: str) -> Style:
    """Return the style that a string asks for: quoted if it would be read as another type."""
    if "\n" in text:
        return Style.LITERAL
    if text in _OLD_BOOLEANS or _BASE_60.fullmatch(text) or _is_another_type(text):
        return Style.DOUBLE_QUOTED
    return Style.PLAIN


def choose_style(asked: Style, text: str, *, is_key: bool) -> Style:
    """Return the style that a text gets, which is the one asked for where that is possible."""
    analysis = analyse(text)
    style = asked
    if is_key and analysis.is_multiline:
        style = Style.DOUBLE_QUOTED
    if style is Style.PLAIN and not analysis.is_plain_allowed:
        style = Style.SINGLE_QUOTED
    if style is Style.SINGLE_QUOTED and not analysis.is_single_quoted_allowed:
        return Style.DOUBLE_QUOTED
    if style is Style.LITERAL and (is_key or not analysis.is_literal_allowed):
        return Style.DOUBLE_QUOTED
    return style


def analyse(text: str) -> Analysis:
    """Return what a text allows, by its indicators, spaces, breaks and unprintable characters."""
    if not text:
        return Analysis(is_literal_allowed=False)
    is_multiline = not BREAKS.isdisjoint(text)
    is_special = _UNPRINTABLE.search(text) is not None
    ends_blank = any(it == " " or it in BREAKS for it in (text[0], text[-1]))
    break_space = any(f"{it} " in text for it in BREAKS)
    space_break = any(f" {it}" in text for it in BREAKS)
    has_tab = "\t" in text
    return Analysis(
        is_multiline=is_multiline,
        is_plain_allowed=not (
            is_multiline or is_special or has_tab or ends_blank or _has_indicators(text)
        ),
        is_single_quoted_allowed=not (break_space or space_break or has_tab or is_special),
        is_literal_allowed=not (text[-1] == " " or space_break or is_special),
    )


def escaped(text: str) -> str:
    """Return what stands between double quotes."""
    if text.startswith(BYTE_ORDER_MARK):  # then the reference escapes every character
        return "".join(map(_escape, text))
    return _NEEDS_ESCAPE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    if character in _SHORT_ESCAPES:
        return f"\\{_SHORT_ESCAPES[character]}"
    code = ord(character)
    for letter, digits in (("x", 2), ("u", 4)):
        if code < 16**digits:
            return f"\\{letter}{code:0{digits}X}"
    return f"\\U{code:08X}"


def _has_indicators(text: str) -> bool:
    """Return whether a character would be read as syntax outside of flow collections."""
    if text.startswith(("---", "...")) or text[0] in _BLOCK_STARTS:
        return True
    if text[0] in "?:-" and (len(text) == 1 or text[1] in _BLANKS):
        return True
    return any(
        (character == ":" and (at + 1 == len(text) or text[at + 1] in _BLANKS))
        or (character == "#" and text[at - 1] in _BLANKS)
        for at, character in enumerate(text)
        if at and character in ":#"
    )


def _is_another_type(text: str) -> bool:
    """Return whether a reader takes the plain text for null, a boolean, a number or a time."""
    if text in _OTHER_THAN_STRINGS:
        return True
    if text[0] == ".":
        return parse_float(text) is not None
    if text[0] not in "+-0123456789":
        return False
    return _is_timestamp(text) or _is_number(text.replace("_", ""))


def _is_number(plain: str) -> bool:
    for base, pattern in _INTEGERS.items():
        if pattern.fullmatch(plain) and _fits_64_bits(plain, base):
            return True
    return _FLOAT.fullmatch(plain) is not None and parse_float(plain) is not None


def _fits_64_bits(plain: str, base: int) -> bool:
    digits = plain.lstrip("+-").lower()
    digits = digits.removeprefix("0x").removeprefix("0o").removeprefix("0b")
    sign = "-" if "-" in plain else "+" if "+" in plain else ""
    magnitude = int(digits.lstrip("+-").lstrip("0")[:_LONGEST_NUMBER] or "0", base)
    if sign == "-":
        return magnitude <= LARGEST_INT + 1
    return magnitude <= (LARGEST_INT if sign else _LARGEST_UNSIGNED)


def _is_timestamp(text: str) -> bool:
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return False
    part = {name: int(it) for name, it in found.groupdict().items() if it and it.isdigit()}
    has_zone, separator = found["zone"] is not None, found["separator"]
    if separator is not None and has_zone is (separator == " "):
        return False
    return _is_date(part["year"], part["month"], part["day"]) and (
        part.get("hour", 0) < 24  # noqa: PLR2004  hours of a day
        and max(part.get("minute", 0), part.get("second", 0)) < 60  # noqa: PLR2004  of an hour
        and part.get("zone_hour", 0) <= 24  # noqa: PLR2004  as Go's time.Parse allows
        and part.get("zone_minute", 0) <= 60  # noqa: PLR2004  as Go's time.Parse allows
    )


def _is_date(year: int, month: int, day: int) -> bool:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= len(_DAYS) or not 1 <= day <= _DAYS[month - 1]:
        return False
    return is_leap or (month, day) != (2, 29)


_LONGEST_NUMBER = 70
"""Digits beyond which no number in any base fits 64 bits."""

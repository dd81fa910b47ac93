"""Writes times by a layout, as Go's Time.Format does.

Source: Go ``time/format.go`` and ``time/format_rfc3339.go``.
"""

from collections.abc import Callable

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.civil import MONTHS, WEEKDAYS
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import truncated_divmod
from promotions.engine.expressions.gotime.layouts import (
    DEFAULT,
    RFC3339_NANO,
    fraction_digits,
    is_fraction,
    split_layout,
)
from promotions.engine.expressions.gotime.limits import check_length
from promotions.engine.expressions.gotime.quoting import quote
from promotions.engine.expressions.gotime.zones import UTC

_NOON = 12
_YEAR_DIGITS = 4
_MOST_OFFSET_HOURS = 24


def format_time(time: Time, layout: str = DEFAULT) -> str:
    """Return the time as the layout says; without one, as Go prints it.

    Raises:
        OperandError: The layout is too long.
    """
    check_length(layout)
    parts = _Parts(time)
    return "".join(
        prefix + _element(parts, element) if element else prefix
        for prefix, element in split_layout(layout)
    )


def format_rfc3339(time: Time) -> str:
    """Return the time as JSON has it, to the nanosecond, without quotes.

    Raises:
        OperandError: RFC 3339 cannot express its year or offset.
    """
    text = format_time(time, RFC3339_NANO)
    if text[_YEAR_DIGITS] != "-":
        raise OperandError("year outside of range [0,9999]")
    if not text.endswith("Z"):
        sign_or_digit, hours = text[-6], text[-5:-3]
        if sign_or_digit.isdigit() or int(hours) >= _MOST_OFFSET_HOURS:
            raise OperandError("timezone hour outside of range [0,23]")
    return text


def go_syntax(time: Time) -> str:
    """Return the Go expression that makes the time."""
    year, month, day = time.date()
    numbers = (day, *time.clock(), time.nanosecond)
    shown = ", ".join(map(str, numbers))
    return f"time.Date({year}, time.{MONTHS[month - 1]}, {shown}, {_go_location(time)})"


def _go_location(time: Time) -> str:
    if time.location.is_local:
        return "time.Local"
    if time.location is UTC:
        return "time.UTC"
    return f"time.Location({quote(time.location.name)})"


class _Parts:
    """What a layout may ask for of a time, computed once."""

    def __init__(self, time: Time) -> None:
        self.year, self.month, self.day = time.date()
        self.hour, self.minute, self.second = time.clock()
        self.nanosecond = time.nanosecond
        self.year_day = time.year_day()
        self.weekday = WEEKDAYS[time.weekday()]
        self.month_name = MONTHS[self.month - 1]
        self.hour12 = self.hour % _NOON or _NOON
        self.zone_name, self.offset, _ = time.zone


def _element(parts: _Parts, element: str) -> str:
    if element in _WRITERS:
        return _WRITERS[element](parts)
    if is_fraction(element):
        return _fraction(parts.nanosecond, element)
    return _numeric_zone(parts.offset, element)


def _number(value: int, width: int) -> str:
    return f"-{-value:0{width}d}" if value < 0 else f"{value:0{width}d}"


def _fraction(nanosecond: int, element: str) -> str:
    digits = fraction_digits(element)
    is_trimmed = element.endswith("9")
    if is_trimmed and (not digits or not nanosecond):
        return ""
    text = f"{element[0]}{f'{nanosecond:09d}'[:digits]}"
    return text.rstrip("0").rstrip(element[0]) if is_trimmed else text


def _numeric_zone(offset: int, element: str) -> str:
    """Return the offset in the form of an element such as ``-07:00`` or ``Z070000``."""
    if offset == 0 and element.startswith("Z"):
        return "Z"
    minutes = truncated_divmod(offset, 60)[0]
    seconds = -offset if minutes < 0 else offset
    digits = [_number(abs(minutes) // 60, 2)]
    if len(element) > len("-07"):
        digits.append(_number(abs(minutes) % 60, 2))
    if len(element) >= len("-070000"):
        digits.append(_number(truncated_divmod(seconds, 60)[1], 2))
    return f"{'-' if minutes < 0 else '+'}{(':' if ':' in element else '').join(digits)}"


_WRITERS: dict[str, Callable[[_Parts], str]] = {
    "2006": lambda it: _number(it.year, 4),
    "06": lambda it: _number(abs(it.year) % 100, 2),
    "January": lambda it: it.month_name,
    "Jan": lambda it: it.month_name[:3],
    "01": lambda it: _number(it.month, 2),
    "1": lambda it: str(it.month),
    "Monday": lambda it: it.weekday,
    "Mon": lambda it: it.weekday[:3],
    "02": lambda it: _number(it.day, 2),
    "_2": lambda it: f"{it.day:2d}",
    "2": lambda it: str(it.day),
    "002": lambda it: _number(it.year_day, 3),
    "__2": lambda it: f"{it.year_day:3d}",
    "15": lambda it: _number(it.hour, 2),
    "03": lambda it: _number(it.hour12, 2),
    "3": lambda it: str(it.hour12),
    "04": lambda it: _number(it.minute, 2),
    "4": lambda it: str(it.minute),
    "05": lambda it: _number(it.second, 2),
    "5": lambda it: str(it.second),
    "PM": lambda it: "PM" if it.hour >= _NOON else "AM",
    "pm": lambda it: "pm" if it.hour >= _NOON else "am",
    "MST": lambda it: it.zone_name or _numeric_zone(it.offset, "-0700"),
}

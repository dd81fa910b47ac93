"""Builtins that make times and durations. ``now()`` is added by whoever has a clock to give."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import LARGEST_INT, Duration, Function, Location, as_text

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_WHOLE = re.compile(rf"[+-]?(?:{_PART.pattern})+")
_DATE = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?)?",
    re.ASCII,
)


def parse_duration(text: str) -> Duration:
    """Return the duration that Go's notation states, such as ``1h30m`` or ``-1.5s``.

    Raises:
        OperandError: It is none, or does not fit 64 bits of nanoseconds.
    """
    if text.lstrip("+-") == "0" and len(text) <= len("+0"):
        return Duration(0)
    if _WHOLE.fullmatch(text) is None:
        raise OperandError(f"time: invalid duration {text!r}")
    total = sum(int(Fraction(amount) * _UNITS[unit]) for amount, unit in _amounts(text))
    if total > LARGEST_INT:
        raise OperandError(f"time: invalid duration {text!r}")
    return Duration(-total if text.startswith("-") else total)


def parse_date(text: str) -> datetime:
    """Return the time that ISO 8601 text states; without a zone it is UTC.

    Raises:
        OperandError: It is none.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        raise OperandError(f"invalid date {text}")
    try:
        day = date.fromisoformat(match[1])
        clock, zone = match[2] or "00:00:00", match[4] or "Z"
        moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone == 'Z' else zone}")
    except ValueError as error:
        raise OperandError(f"invalid date {text}") from error
    return moment.replace(microsecond=int((match[3] or "0").ljust(6, "0")[:6]))


def _amounts(text: str) -> list[tuple[str, str]]:
    parts = [(match[1], match[2]) for match in _PART.finditer(text)]
    return [(f"0{amount}0" if "." in amount else amount, unit) for amount, unit in parts]


def _duration(arguments: Sequence[object]) -> object:
    return parse_duration(as_text(arguments[0]))


def _date(arguments: Sequence[object]) -> object:
    if len(arguments) != 1:
        raise OperandError("date with a layout or a time zone is not supported yet")
    if isinstance(arguments[0], datetime):
        return arguments[0]
    return parse_date(as_text(arguments[0]))


def _timezone(arguments: Sequence[object]) -> object:
    name = as_text(arguments[0])
    if name in ("UTC", ""):
        return Location("UTC")
    try:
        return Location(ZoneInfo(name).key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise OperandError(f"unknown time zone {name}") from error


def now_function(clock: Callable[[], datetime]) -> Function:
    """Return ``now()``, which gives the time that ``clock`` shows when it is called."""
    return Function("now", lambda _arguments: clock(), 0, 0)


FUNCTIONS = (
    Function("duration", _duration, 1, 1, ("string",)),
    Function("date", _date, 1, 3, ("any", "string", "string")),
    Function("timezone", _timezone, 1, 1, ("string",)),
)

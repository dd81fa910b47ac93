"""Go's time.Duration: a length of time in nanoseconds, its notation and its arithmetic.

Source: Go ``time/time.go`` and ``time/format.go``.
"""

import re
from dataclasses import dataclass
from typing import Self

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.int64 import (
    LARGEST,
    SMALLEST,
    truncated_divmod,
    wrap,
    wrap_unsigned,
)
from promotions.engine.expressions.gotime.limits import check_length
from promotions.engine.expressions.gotime.quoting import quote

MICROSECOND = 1_000
MILLISECOND = 1_000_000
SECOND = 1_000_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_UNITS = {
    "ns": 1,
    "us": MICROSECOND,
    "\u00b5s": MICROSECOND,  # micro sign
    "\u03bcs": MICROSECOND,  # Greek letter mu
    "ms": MILLISECOND,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
}
_AMOUNT = re.compile(r"([0-9]*)(?:(\.)([0-9]*))?")
_UNIT = re.compile(r"[^.0-9]*")
_LIMIT = 1 << 63
_MOST_DIGITS = 19


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time.

    Attributes:
        ns: Nanoseconds, of 64 bits.
    """

    ns: int

    @classmethod
    def wrapping(cls, ns: int) -> Self:
        """Return the duration that 64-bit arithmetic leaves of a number of nanoseconds."""
        return cls(wrap(ns))

    def __str__(self) -> str:
        return format_duration(self.ns)

    def in_unit(self, unit: int) -> float:
        """Return the length in units of so many nanoseconds, whole part and fraction apart."""
        whole, rest = truncated_divmod(self.ns, unit)
        return float(whole) + float(rest) / float(unit)

    def whole_units(self, unit: int) -> int:
        """Return how many whole units of so many nanoseconds it has, rounded towards zero."""
        return truncated_divmod(self.ns, unit)[0]

    def truncated(self, unit: Self) -> Self:
        """Return the duration cut towards zero to a multiple of ``unit``, if that is positive."""
        if unit.ns <= 0:
            return self
        return type(self)(self.ns - truncated_divmod(self.ns, unit.ns)[1])

    def rounded(self, unit: Self) -> Self:
        """Return the nearest multiple of ``unit``, halves away from zero, within the range."""
        if unit.ns <= 0:
            return self
        size = abs(self.ns)
        rest = size % unit.ns
        nearest = size - rest if rest + rest < unit.ns else size + unit.ns - rest
        signed = -nearest if self.ns < 0 else nearest
        return type(self)(max(SMALLEST, min(LARGEST, signed)))

    def absolute(self) -> Self:
        """Return the duration without its sign; the longest negative one loses a nanosecond."""
        return type(self)(min(abs(self.ns), LARGEST))


def format_duration(ns: int) -> str:
    """Return a duration as Go prints it, such as ``1h30m0s`` or ``1.5ms``."""
    sign, rest = ("-", -ns) if ns < 0 else ("", ns)
    if rest == 0:
        return "0s"
    for unit, size in (("ns", 1), ("\u00b5s", MICROSECOND), ("ms", MILLISECOND)):
        if rest < size * 1000:
            return f"{sign}{_fraction(rest, size)}{unit}"
    minutes, seconds = divmod(rest, MINUTE)
    hours, minutes = divmod(minutes, 60)
    text = f"{_fraction(seconds, SECOND)}s"
    text = f"{minutes}m{text}" if hours or minutes else text
    return f"{sign}{hours}h{text}" if hours else sign + text


def parse_duration(text: str) -> Duration:
    """Return the duration that Go's notation states, such as ``1h30m`` or ``-1.5s``.

    Raises:
        OperandError: It is none, or does not fit 64 bits of nanoseconds.
    """
    check_length(text)
    rest = text[1:] if text[:1] in ("+", "-") else text
    if rest == "0":
        return Duration(0)
    total, place = 0, 0
    while place < len(rest) or not rest:
        ns, place = _term(text, rest, place)
        total = wrap_unsigned(total + ns)
        if total > _LIMIT:
            raise _invalid(text)
    if text.startswith("-"):
        return Duration(-total)
    if total > LARGEST:
        raise _invalid(text)
    return Duration(total)


def _term(text: str, rest: str, place: int) -> tuple[int, int]:
    """Return the nanoseconds of the amount and unit at ``place``, and where the next one starts."""
    amount = _AMOUNT.match(rest, place)
    if amount is None or not (amount[1] or amount[3]):
        raise _invalid(text)
    whole = _leading_int(amount[1])
    if whole > _LIMIT:
        raise _invalid(text)
    unit_match = _UNIT.match(rest, amount.end())
    name = unit_match[0] if unit_match else ""
    if not name:
        raise OperandError(f"time: missing unit in duration {quote(text)}")
    if name not in _UNITS:
        raise OperandError(f"time: unknown unit {quote(name)} in duration {quote(text)}")
    unit = _UNITS[name]
    if whole > _LIMIT // unit:
        raise _invalid(text)
    ns = whole * unit + _fraction_ns(amount[3] or "", unit)
    if ns > _LIMIT:
        raise _invalid(text)
    return ns, amount.end() + len(name)


def _leading_int(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= _MOST_DIGITS else _LIMIT * 10


def _fraction_ns(digits: str, unit: int) -> int:
    """Return the nanoseconds of a decimal fraction, in the float arithmetic that Go uses.

    Digits that would overflow 64 bits are dropped.
    """
    value, scale = 0, 1.0
    for digit in digits:
        if value > LARGEST // 10 or value * 10 + int(digit) > _LIMIT:
            break
        value = value * 10 + int(digit)
        scale *= 10
    return int(float(value) * (float(unit) / scale))


def _invalid(text: str) -> OperandError:
    return OperandError(f"time: invalid duration {quote(text)}")


def _fraction(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    return f"{whole}.{str(rest).zfill(len(str(size)) - 1).rstrip('0')}"

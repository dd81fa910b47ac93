"""The yearly rule at the end of a time zone file: which zone is in effect when the table ends.

It is the text of a TZ variable, such as ``CET-1CEST,M3.5.0,M10.5.0/3``.

Source: Go ``time/zoneinfo.go`` tzset.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from promotions.engine.expressions.gotime.civil import (
    ABSOLUTE_TO_INTERNAL,
    SECONDS_PER_DAY,
    days_before,
    days_in,
    is_leap,
    year_day_of,
)
from promotions.engine.expressions.gotime.int64 import LARGEST, truncated_divmod, wrap_unsigned

UNIX_TO_INTERNAL = 62_135_596_800

_NAME = r"(?:<([^>]*)>|([^0-9,\-+<]{3,}))"
_OFFSET = r"([+-]?[0-9]{1,3}(?::[0-9]{1,2}(?::[0-9]{1,2})?)?)"
_RULE = rf"(?:J([0-9]{{1,3}})|M(1[0-2]|0?[1-9])\.([1-5])\.([0-6])|([0-9]{{1,3}}))(?:/{_OFFSET})?"
_SHAPE = re.compile(
    rf"{_NAME}{_OFFSET}(?:{_NAME}{_OFFSET}?(?:[,;](?P<start>[^,]+),(?P<stop>[^,]+))?)?"
)
_RULE_SHAPE = re.compile(_RULE)
_DEFAULT_RULES = ("M3.2.0", "M11.1.0")
_DEFAULT_CHANGE = 2 * 3600
_HOUR = 3600


class Zone(NamedTuple):
    """An abbreviation, the seconds east of UTC it stands for, and whether it is summer time."""

    name: str
    offset: int
    is_dst: bool


class ZoneInEffect(NamedTuple):
    """A zone and the Unix seconds between which it is in effect."""

    zone: Zone
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Change:
    """The day of a change and its time of day in seconds.

    ``month`` is 0 for a day of the year; then ``skips_leap_day`` says whether 29 February counts.
    """

    month: int
    week: int
    day: int
    seconds: int
    skips_leap_day: bool = False


@dataclass(frozen=True, slots=True)
class YearlyRule:
    """What is in effect after the last recorded transition."""

    standard: Zone
    summer: Zone | None = None
    start: _Change | None = None
    stop: _Change | None = None

    def lookup(self, last_transition: int, unix: int) -> ZoneInEffect:
        """Return the zone at a Unix second; far from a change its bounds are those of the year."""
        if self.summer is None or self.start is None or self.stop is None:
            return ZoneInEffect(self.standard, last_transition, LARGEST)
        year, second_of_year = _place_in_year(unix)
        year_start = unix - second_of_year
        starts = _second_of_change(self.start, year, self.standard.offset)
        stops = _second_of_change(self.stop, year, self.summer.offset)
        outside, inside = self.standard, self.summer
        if stops < starts:
            starts, stops, outside, inside = stops, starts, inside, outside
        if second_of_year < starts:
            return ZoneInEffect(outside, year_start, year_start + starts)
        if second_of_year >= stops:
            return ZoneInEffect(outside, year_start + stops, year_start + 365 * SECONDS_PER_DAY)
        return ZoneInEffect(inside, year_start + starts, year_start + stops)


def parse_rule(text: str) -> YearlyRule | None:
    """Return the rule, or ``None`` if there is none that can be read."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    standard = Zone(match[1] or match[2] or "", -_seconds(match[3]), is_dst=False)
    summer_name = match[4] or match[5]
    if summer_name is None:
        return YearlyRule(standard)
    offset = -_seconds(match[6]) if match[6] else standard.offset + _HOUR
    start, stop = (_change(match[key] or default) for key, default in _rule_keys())
    if start is None or stop is None:
        return None
    return YearlyRule(standard, Zone(summer_name, offset, is_dst=True), start, stop)


def _rule_keys() -> tuple[tuple[str, str], ...]:
    return (("start", _DEFAULT_RULES[0]), ("stop", _DEFAULT_RULES[1]))


def _change(text: str) -> _Change | None:
    match = _RULE_SHAPE.fullmatch(text)
    if match is None:
        return None
    seconds = _seconds(match[6]) if match[6] else _DEFAULT_CHANGE
    if match[1]:
        return _Change(0, 0, int(match[1]) - 1, seconds, skips_leap_day=True)
    if match[5]:
        return _Change(0, 0, int(match[5]), seconds)
    return _Change(int(match[2]), int(match[3]), int(match[4]), seconds)


def _seconds(text: str) -> int:
    hours, minutes, seconds = (*text.lstrip("+-").split(":"), "0", "0")[:3]
    total = int(hours) * _HOUR + int(minutes) * 60 + int(seconds)
    return -total if text.startswith("-") else total


def _place_in_year(unix: int) -> tuple[int, int]:
    """Return the year of UTC and how many seconds of it have passed."""
    absolute = wrap_unsigned(unix + UNIX_TO_INTERNAL - ABSOLUTE_TO_INTERNAL)
    year, year_day = year_day_of(absolute // SECONDS_PER_DAY)
    return year, (year_day - 1) * SECONDS_PER_DAY + truncated_divmod(unix, SECONDS_PER_DAY)[1]


def _second_of_change(change: _Change, year: int, offset: int) -> int:
    """Return the second of the year, in UTC, at which the change takes place."""
    day = _day_of_month_rule(change, year) if change.month else change.day
    if change.skips_leap_day and is_leap(year) and change.day >= days_before(3):
        day += 1
    return day * SECONDS_PER_DAY + change.seconds - offset


def _day_of_month_rule(change: _Change, year: int) -> int:
    """Return the day of the year, from 0, of such as the last Sunday of March."""
    first = days_before(change.month) + (is_leap(year) and change.month > 2)  # noqa: PLR2004  February
    day = (change.day - _weekday_of_first(change.month, year)) % 7
    for _ in range(1, change.week):
        if day + 7 >= days_in(change.month, year):
            break
        day += 7
    return first + day


def _weekday_of_first(month: int, year: int) -> int:
    """Return the day of the week of the first of the month, by Zeller's congruence."""
    shifted_month = (month + 9) % 12 + 1
    century, rest = divmod(year - (month <= 2), 100)  # noqa: PLR2004  February
    return ((26 * shifted_month - 2) // 10 + 1 + rest + rest // 4 + century // 4 - 2 * century) % 7

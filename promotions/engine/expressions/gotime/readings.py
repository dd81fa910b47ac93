"""What has been read of a time's text so far, and which time that makes.

Source: Go ``time/format.go`` parse, its second half.
"""

from dataclasses import dataclass

from promotions.engine.expressions.gotime.civil import MONTHS, days_before, days_in, is_leap
from promotions.engine.expressions.gotime.durations import SECOND, Duration
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.zone_names import gmt_offset
from promotions.engine.expressions.gotime.zones import UTC, Location, fixed_zone

UNSET = -1
NOON = 12

_DAYS_PER_YEAR = 365


class ImpossibleError(Exception):
    """The text has the form, but names no possible value; says of what."""


@dataclass(slots=True)
class Fields:
    """What has been read so far; ``UNSET`` is not yet, as in the original also for offsets."""

    year: int = 0
    month: int = UNSET
    day: int = UNSET
    year_day: int = UNSET
    hour: int = 0
    minute: int = 0
    second: int = 0
    nanosecond: int = 0
    is_morning: bool = False
    is_afternoon: bool = False
    is_utc: bool = False
    offset: int = UNSET
    zone_name: str = ""


def resolve(fields: Fields, default: Location, local: Location) -> Time:
    """Return the time that the fields state.

    Args:
        fields: What was read.
        default: The place whose clock it is if the text did not say.
        local: The place to see an offset or abbreviation from, if it has that at the time.

    Raises:
        ImpossibleError: There is no such day.
    """
    month, day = _month_and_day(fields)
    hour = fields.hour
    if fields.is_afternoon and hour < NOON:
        hour += NOON
    elif fields.is_morning and hour == NOON:
        hour = 0
    is_default = not (fields.is_utc or fields.offset != UNSET or fields.zone_name)
    time = Time.of(
        (fields.year, month, day),
        (hour, fields.minute, fields.second),
        nanosecond=fields.nanosecond,
        location=default if is_default else UTC,
    )
    if fields.is_utc or is_default:
        return time
    if fields.offset != UNSET:
        return _at_offset(fields, time, local)
    return _at_name(fields.zone_name, time, local)


def _at_offset(fields: Fields, time: Time, local: Location) -> Time:
    """Return the time whose clock at the offset read so far shows what ``time`` does in UTC."""
    moved = time.add(Duration(-fields.offset * SECOND))
    zone = moved.zone_at(local)
    if zone.offset == fields.offset and fields.zone_name in ("", zone.name):
        return moved.seen_from(local)
    return moved.seen_from(fixed_zone(fields.zone_name, fields.offset))


def _at_name(name: str, time: Time, local: Location) -> Time:
    """Return the time whose clock in the zone so named shows what ``time`` does in UTC.

    Where the name is not known its offset is 0, except for the likes of ``GMT+3``, whose instant
    is not moved either: the original does so.
    """
    offset = local.offset_of(name, time.unix)
    if offset is None:
        return time.seen_from(fixed_zone(name, gmt_offset(name)))
    return time.add(Duration(-offset * SECOND)).seen_from(local)


def _month_and_day(fields: Fields) -> tuple[int, int]:
    month, day = fields.month, fields.day
    if fields.year_day != UNSET:
        month, day = _from_year_day(fields)
    month, day = (1 if it == UNSET else it for it in (month, day))
    if not 1 <= day <= days_in(month, fields.year):
        raise ImpossibleError("day out of range")
    return month, day


def _from_year_day(fields: Fields) -> tuple[int, int]:
    """Return the month and day of a day of the year; those read before must be the same."""
    leaps = is_leap(fields.year)
    if not 1 <= fields.year_day <= _DAYS_PER_YEAR + leaps:
        raise ImpossibleError("day-of-year out of range")
    month = 1
    while month < len(MONTHS) and fields.year_day > _days_through(month, leap=leaps):
        month += 1
    day = fields.year_day - (_days_through(month - 1, leap=leaps) if month > 1 else 0)
    if fields.month not in (UNSET, month):
        raise ImpossibleError("day-of-year does not match month")
    if fields.day not in (UNSET, day):
        raise ImpossibleError("day-of-year does not match day")
    return month, day


def _days_through(month: int, *, leap: bool) -> int:
    return days_before(month + 1) + (leap and month > 1)

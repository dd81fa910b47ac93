"""Reads calendar times such as ``TZID=America/New_York:20260101T090000``, and places them in time.

A time of day that the clocks skip is read with the offset before the change, so 02:30 becomes
03:30; one that they show twice is the first of the two.
Source: RFC 5545, 3.3.5.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from common.errors import InvalidError

FIRST_YEAR = 1970
LAST_YEAR = 2199
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", re.ASCII)
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
_PREFIX = "TZID="
_EXAMPLE = "TZID=America/New_York:20260101T090000 or 20260101T140000Z"


@dataclass(frozen=True, slots=True)
class CalendarTime:
    """A date and a time of day at a place.

    Attributes:
        local: What the clock there shows; without a zone of its own.
    """

    local: datetime
    zone: ZoneInfo

    @property
    def instant(self) -> datetime:
        """When that is, in UTC."""
        return instant(self.local, self.zone)


def parse_time(text: str) -> CalendarTime:
    """Return the time that ``dtstart`` or ``dtend`` means; without a zone it is in UTC.

    Raises:
        InvalidError: It is no calendar time, or its zone is unknown.
    """
    has_zone = text.startswith(_PREFIX)
    name, _, rest = text.removeprefix(_PREFIX).partition(":") if has_zone else ("UTC", "", text)
    match = _TIME.fullmatch(rest)
    if match is None:
        raise InvalidError(f"must be a time such as {_EXAMPLE}")
    if has_zone and match[7]:
        raise InvalidError('has both TZID and "Z"; leave one of them out')
    return CalendarTime(_local(match), zone_named(name))


def parse_local(text: str) -> tuple[datetime, bool]:
    """Return a date and time of day without a zone, and whether it is in UTC.

    Raises:
        InvalidError: It is none, or it is only a date.
    """
    match = _TIME.fullmatch(text)
    if match is None or match[4] is None:
        raise InvalidError("must have a date and a time, such as 20261231T235959Z")
    return _local(match), bool(match[7])


@lru_cache(maxsize=128)
def zone_named(name: str) -> ZoneInfo:
    """Return a time zone of the IANA database: the same on every machine.

    Raises:
        InvalidError: There is none of that name.
    """
    known = resources.files("tzdata").joinpath("zoneinfo")
    if _ZONE.fullmatch(name):
        file = known.joinpath(*name.split("/"))
        if file.is_file():
            with file.open("rb") as content:
                try:
                    return ZoneInfo.from_file(content, key=name)
                except ValueError:
                    pass  # a file of the package that is no zone
    raise InvalidError(f'unknown time zone "{name[:64]}"; use a name such as America/New_York')


def instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return when a clock at a place shows this; see the module for times skipped or repeated."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _local(match: re.Match[str]) -> datetime:
    numbers = [int(it or 0) for it in match.groups()[:6]]
    if not FIRST_YEAR <= numbers[0] <= LAST_YEAR:
        raise InvalidError(f"must be in a year from {FIRST_YEAR} to {LAST_YEAR}")
    try:
        return datetime(*numbers)  # type: ignore[arg-type] # noqa: DTZ001 # the zone stands apart
    except ValueError as error:
        raise InvalidError(f'"{match[0]}" is not in the calendar') from error

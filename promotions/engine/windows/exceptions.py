"""Reads ``EXDATE`` lines: the occurrences of a rule that do not take place.

Source: RFC 5545, 3.8.5.1. A date alone leaves out whatever begins on that day at the window's
place.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from common.errors import InvalidError
from promotions.engine.windows.times import CalendarTime, parse_local, parse_time, zone_named

NAME = "EXDATE"
_DATE_LENGTH = len("20260101")


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What does not take place: instants in UTC, and days at the window's place."""

    instants: frozenset[datetime] = frozenset()
    days: frozenset[date] = frozenset()

    def has(self, at: datetime, day: date) -> bool:
        """Return whether the occurrence at this instant, of this local day, is left out."""
        return at in self.instants or day in self.days


def parse_exceptions(lines: list[str], start: CalendarTime) -> Exceptions:
    """Return what lines such as ``EXDATE;TZID=Europe/Berlin:20260501T090000`` leave out.

    Args:
        lines: Each begins with ``EXDATE``.
        start: The window's first time; times without a zone are at its place.

    Raises:
        InvalidError: One of them is no such line.
    """
    instants: set[datetime] = set()
    days: set[date] = set()
    for line in lines:
        head, colon, values = line.partition(":")
        if not colon:
            raise InvalidError(f"{NAME} must be followed by times, as in {NAME}:20260501T090000")
        place = _place(head, start)
        for text in values.split(","):
            found = _read(text, place)
            if isinstance(found, datetime):
                instants.add(found)
            else:
                days.add(found)
    return Exceptions(frozenset(instants), frozenset(days))


def _place(head: str, start: CalendarTime) -> CalendarTime:
    """Return ``start`` at the place that the line's parameters name."""
    zone = start.zone
    for parameter in head.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name == "TZID":
            zone = zone_named(value)
        elif name != "VALUE" or value not in {"DATE", "DATE-TIME"}:
            raise InvalidError(f'{NAME} has no parameter "{parameter[:64]}"; use TZID')
    return CalendarTime(start.local, zone)


def _read(text: str, place: CalendarTime) -> datetime | date:
    try:
        if len(text) == _DATE_LENGTH:
            return parse_time(text).local.date()
        local, is_utc = parse_local(text)
    except InvalidError as error:
        raise InvalidError(f"{NAME} {error.message}") from error
    return local.replace(tzinfo=UTC) if is_utc else CalendarTime(local, place.zone).instant

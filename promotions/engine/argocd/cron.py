"""When does a cron line come round next?

Source: parser and ``SpecSchedule.Next`` of https://github.com/robfig/cron v3, as Argo CD uses them:
five fields, no descriptors such as ``@daily``; Sunday is 0, never 7; a line may begin with ``TZ=``
or ``CRON_TZ=`` and the name of a time zone.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from common.errors import InvalidError

LONGEST = 1024
YEARS_AHEAD = 5
"""Until the end of which year a time is looked for."""

_FIELDS = 5
_INTEGER = re.compile(r"([+-]?)([0-9]{1,18})", re.ASCII)
_ZONES = ("TZ=", "CRON_TZ=")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class CronError(InvalidError):
    """A cron line cannot be understood; the message is that of the library."""

    code = "invalid_cron"


@dataclass(frozen=True, slots=True)
class Values:
    """What one field allows.

    Attributes:
        is_any: There is a star or a question mark without a step in it.
    """

    numbers: frozenset[int]
    is_any: bool = False

    def __contains__(self, number: int) -> bool:
        return number in self.numbers


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line, understood.

    Attributes:
        zone: Of the line's own ``TZ=``; else the wall clock is that of the time that is given.
    """

    minutes: Values
    hours: Values
    days: Values
    months: Values
    weekdays: Values
    zone: ZoneInfo | None = None

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first time after an aware ``moment``; ``None`` if there is none for years.

        A time that the clocks skip does not come that day; one that they repeat comes twice.
        """
        zone = self.zone or moment.tzinfo or UTC
        walls = [
            time(hour, minute)
            for hour in sorted(self.hours.numbers)
            for minute in sorted(self.minutes.numbers)
        ]
        for day in self._days_from(moment.astimezone(zone).date()):
            found = [
                at
                for fold in (0, 1)
                if (at := _first_after(moment, day, walls, zone=zone, fold=fold)) is not None
            ]
            if found:
                return min(found)
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        for year in range(first.year, min(first.year + YEARS_AHEAD, date.max.year) + 1):
            for month in sorted(self.months.numbers):
                for number in range(1, monthrange(year, month)[1] + 1):
                    day = date(year, month, number)
                    if day >= first and self._is_on(day):
                        yield day

    def _is_on(self, day: date) -> bool:
        """Return whether it comes on a day: on either if both kinds of days are named."""
        found = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return all(found) if self.days.is_any or self.weekdays.is_any else any(found)


def parse_schedule(line: str) -> Schedule:
    """Return the schedule that a cron line states.

    Raises:
        CronError: It states none.
    """
    if len(line) > LONGEST:
        raise CronError("the line is too long")
    if not line:
        raise CronError("empty spec string")
    zone, rest = _zone_in(line)
    if rest.startswith("@"):
        raise CronError(f"parser does not accept descriptors: {rest}")
    texts = rest.split()
    if len(texts) != _FIELDS:
        shown = f"[{' '.join(texts)}]"
        raise CronError(f"expected exactly {_FIELDS} fields, found {len(texts)}: {shown}")
    minutes, hours, days, months, weekdays = map(_values, texts, _BOUNDS)
    return Schedule(minutes, hours, days, months, weekdays, zone)


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)


_BOUNDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Bounds(0, 6, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


def _first_after(
    moment: datetime, day: date, walls: list[time], *, zone: tzinfo, fold: int
) -> datetime | None:
    """Return the first of the times of a day after a moment, of those that clocks show."""
    for wall in walls:
        shown = datetime.combine(day, wall.replace(fold=fold), zone)
        at = shown.astimezone(UTC)
        if at > moment and at.astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None):
            return at
    return None


def _zone_in(line: str) -> tuple[ZoneInfo | None, str]:
    if not line.startswith(_ZONES):
        return None, line
    said, _, rest = line.partition(" ")
    name = said.partition("=")[2]
    try:
        return ZoneInfo(name or "UTC"), rest.strip()
    except (OSError, ValueError, LookupError) as error:
        raise CronError(f"provided bad location {name}: unknown time zone {name}") from error


def _values(text: str, bounds: _Bounds) -> Values:
    ranges = [_range(it, bounds) for it in text.split(",") if it]
    numbers = frozenset[int]().union(*(it.numbers for it in ranges))
    return Values(numbers, is_any=any(it.is_any for it in ranges))


def _range(text: str, bounds: _Bounds) -> Values:
    """Return what ``number | number "-" number [ "/" number ]`` allows."""
    span, *steps = text.split("/")
    low_text, *high_texts = span.split("-")
    is_any = low_text in {"*", "?"}
    if is_any:
        low, high = bounds.low, bounds.high
    else:
        low = _number(low_text, bounds.names)
        if len(high_texts) > 1:
            raise CronError(f"too many hyphens: {text}")
        high = _number(high_texts[0], bounds.names) if high_texts else low
    if len(steps) > 1:
        raise CronError(f"too many slashes: {text}")
    step = _number(steps[0], {}) if steps else 1
    if steps and not high_texts:
        high = bounds.high  # "5/15" is "5-59/15"
    _check(text, low, high, step, bounds)
    return Values(frozenset(range(low, high + 1, step)), is_any=is_any and step == 1)


def _check(text: str, low: int, high: int, step: int, bounds: _Bounds) -> None:
    if low < bounds.low:
        raise CronError(f"beginning of range ({low}) below minimum ({bounds.low}): {text}")
    if high > bounds.high:
        raise CronError(f"end of range ({high}) above maximum ({bounds.high}): {text}")
    if low > high:
        raise CronError(f"beginning of range ({low}) beyond end of range ({high}): {text}")
    if step == 0:
        raise CronError(f"step of range should be a positive number: {text}")


def _number(text: str, names: Mapping[str, int]) -> int:
    named = names.get(text.lower())
    if named is not None:
        return named
    found = _INTEGER.fullmatch(text)
    if found is None:
        raise CronError(
            f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
        )
    number = int(found[2])
    if found[1] == "-" and number:
        raise CronError(f"negative number (-{number}) not allowed: {text}")
    return number

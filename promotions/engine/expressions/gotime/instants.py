"""Go's time.Time: an instant to the nanosecond, seen from a place.

Source: Go ``time/time.go``.
"""

from dataclasses import dataclass, replace
from datetime import UTC as UTC_TIMEZONE, datetime, timedelta
from typing import Self

from promotions.engine.expressions.gotime.civil import (
    ABSOLUTE_TO_INTERNAL,
    SECONDS_PER_DAY,
    date_of,
    days_from_date,
    iso_week_of,
    weekday_of,
    year_day_of,
)
from promotions.engine.expressions.gotime.durations import SECOND, Duration
from promotions.engine.expressions.gotime.int64 import (
    LARGEST,
    SMALLEST,
    truncated_divmod,
    wrap,
    wrap_unsigned,
)
from promotions.engine.expressions.gotime.tz_rules import UNIX_TO_INTERNAL, Zone
from promotions.engine.expressions.gotime.zones import ALPHA, OMEGA, UTC, Location

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC_TIMEZONE)
_MICROSECONDS_PER_SECOND = 1_000_000
_NS_PER_MICROSECOND = 1_000


@dataclass(frozen=True, slots=True)
class Time:
    """An instant and the place whose clock and calendar show it.

    Two are ``==`` only if the place is the same too; ``is_same_instant`` is Go's Equal.

    Attributes:
        seconds: Since midnight UTC of 1 January of year 1, of 64 bits.
        nanosecond: Of the second, 0 to 999,999,999.
        location: The place.
    """

    seconds: int = 0
    nanosecond: int = 0
    location: Location = UTC

    @classmethod
    def from_unix(cls, seconds: int, nanosecond: int = 0, location: Location = UTC) -> Self:
        """Return the instant so many seconds and nanoseconds after the start of 1970."""
        return cls(wrap(seconds + UNIX_TO_INTERNAL), nanosecond, location)

    @classmethod
    def from_datetime(cls, moment: datetime) -> Self:
        """Return the instant of an aware ``datetime``, seen from UTC."""
        microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
        seconds, rest = divmod(microseconds, _MICROSECONDS_PER_SECOND)
        return cls.from_unix(seconds, rest * _NS_PER_MICROSECOND)

    @property
    def unix(self) -> int:
        """Seconds since the start of 1970."""
        return wrap(self.seconds - UNIX_TO_INTERNAL)

    @property
    def zone(self) -> Zone:
        """The zone in effect at the place."""
        return self.zone_at(self.location)

    def zone_at(self, location: Location) -> Zone:
        """Return the zone in effect at another place."""
        return location.lookup(self.unix).zone

    @property
    def days(self) -> int:
        """The absolute day at the place."""
        return self._absolute_seconds() // SECONDS_PER_DAY

    def date(self) -> tuple[int, int, int]:
        """Return year, month and day."""
        return date_of(self.days)

    def clock(self) -> tuple[int, int, int]:
        """Return hour, minute and second of the day."""
        minutes, second = divmod(self._absolute_seconds() % SECONDS_PER_DAY, 60)
        return *divmod(minutes, 60), second

    def year_day(self) -> int:
        """Return the day of the year, from 1."""
        return year_day_of(self.days)[1]

    def weekday(self) -> int:
        """Return the day of the week, 0 for Sunday."""
        return weekday_of(self.days)

    def iso_week(self) -> tuple[int, int]:
        """Return the ISO 8601 year and week."""
        return iso_week_of(self.days)

    def unix_in(self, units_per_second: int) -> int:
        """Return how many such units have passed since the start of 1970, wrapping."""
        rest = self.nanosecond // (SECOND // units_per_second)
        return wrap(self.unix * units_per_second + rest)

    def is_zero(self) -> bool:
        """Return whether it is the start of year 1, which stands for no time at all."""
        return self.seconds == 0 and self.nanosecond == 0

    def is_same_instant(self, other: Self) -> bool:
        """Return whether the two are the same instant, wherever they are seen from."""
        return self.compare(other) == 0

    def compare(self, other: Self) -> int:
        """Return -1, 0 or 1 as this comes before, with or after the other."""
        mine, theirs = self._since_year_one(), other._since_year_one()
        return (mine > theirs) - (mine < theirs)

    def add(self, duration: Duration) -> Self:
        """Return the instant so much later; at the ends of time it stays there."""
        seconds, ns = truncated_divmod(duration.ns, SECOND)
        carry, nanosecond = divmod(self.nanosecond + ns, SECOND)
        later = max(-LARGEST, min(LARGEST, self.seconds + seconds + carry))
        return replace(self, seconds=later, nanosecond=nanosecond)

    def add_date(self, years: int, months: int, days: int) -> Self:
        """Return the same time of day on another date; 31 April becomes 1 May."""
        year, month, day = self.date()
        return type(self).of(
            (wrap(year + years), wrap(month + months), wrap(day + days)),
            self.clock(),
            nanosecond=self.nanosecond,
            location=self.location,
        )

    def since(self, other: Self) -> Duration:
        """Return how much later this is than the other, or the longest duration there is."""
        ns = self._since_year_one() - other._since_year_one()
        return Duration(max(SMALLEST, min(LARGEST, ns)))

    def truncated(self, unit: Duration) -> Self:
        """Return the last multiple of ``unit`` since year 1; if that is not positive, the same."""
        if unit.ns <= 0:
            return self
        return self.add(Duration(-(self._since_year_one() % unit.ns)))

    def rounded(self, unit: Duration) -> Self:
        """Return the nearest multiple of ``unit`` since year 1, halves up."""
        if unit.ns <= 0:
            return self
        rest = self._since_year_one() % unit.ns
        return self.add(Duration(-rest if rest + rest < unit.ns else unit.ns - rest))

    def seen_from(self, location: Location) -> Self:
        """Return the same instant at another place."""
        return replace(self, location=location)

    def zone_bounds(self) -> tuple[Self, Self]:
        """Return when the zone in effect began and will end; the zero time where it does not."""
        found = self.location.lookup(self.unix)
        start, end = (
            type(self)() if bound in (ALPHA, OMEGA) else self.from_unix(bound, 0, self.location)
            for bound in (found.start, found.end)
        )
        return start, end

    @classmethod
    def of(
        cls,
        date: tuple[int, int, int],
        clock: tuple[int, int, int],
        *,
        nanosecond: int = 0,
        location: Location = UTC,
    ) -> Self:
        """Return the instant at which the place shows a date and time of day; any month and day.

        Where clocks skip that time or show it twice, it is the reading before or after the change
        that Go's time.Date chooses.
        """
        year, month, day = date
        hour, minute, second = clock
        years, month = divmod(month - 1, 12)
        days = days_from_date(wrap(year + years), month + 1, day)
        unix = wrap(
            days * SECONDS_PER_DAY
            + (hour * 60 + minute) * 60
            + second
            + ABSOLUTE_TO_INTERNAL
            - UNIX_TO_INTERNAL
        )
        return cls.from_unix(_local_to_unix(unix, location), nanosecond, location)

    def _since_year_one(self) -> int:
        return self.seconds * SECOND + self.nanosecond

    def _absolute_seconds(self) -> int:
        local = self.unix + self.zone.offset
        return wrap_unsigned(local + UNIX_TO_INTERNAL - ABSOLUTE_TO_INTERNAL)


def _local_to_unix(local: int, location: Location) -> int:
    """Return the Unix second at which the place's clock shows ``local``."""
    zone, start, end = location.lookup(local)
    if zone.offset == 0:
        return local
    unix = wrap(local - zone.offset)
    if not start <= unix < end:
        unix = wrap(local - location.lookup(unix).zone.offset)
    return unix

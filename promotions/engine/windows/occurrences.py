"""On which days, and when on a day, a recurrence rule has occurrences.

A day is asked for by itself: nothing counts up from the first time, so that an old rule costs no
more than a new one, and a rule that never occurs ends a search as soon as any other.
Source: RFC 5545, 3.3.10.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from promotions.engine.windows.rules import Frequency, Rule
from promotions.engine.windows.times import LAST_YEAR, CalendarTime, instant

_DAY = timedelta(days=1)
_COUNTED_DAYS = 36_525
"""How far from the first time the end of a COUNT is looked for; what ends later has no end."""
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A rule and the first time that it starts from."""

    start: CalendarTime
    rule: Rule

    def instants_on(self, day: date) -> list[datetime]:
        """Return the occurrences whose local date this is, in UTC, in order."""
        found = _instants(self, day)
        last = _last(self) if found else None
        missing = self.rule.exceptions
        return [
            it
            for it in found
            if (last is None or it <= last) and not missing.has(it, self.local_date(it))
        ]

    def is_over(self, at: datetime) -> bool:
        """Return whether nothing occurs after ``at``, because of UNTIL or COUNT."""
        last = _last(self)
        return last is not None and last <= at

    def local_date(self, at: datetime) -> date:
        """Return the date at the rule's place."""
        return at.astimezone(self.start.zone).date()


@lru_cache(maxsize=512)
def _last(recurrence: Recurrence) -> datetime | None:
    """Return the last occurrence that UNTIL or COUNT lets be; ``None`` if nothing ends it."""
    rule, first = recurrence.rule, recurrence.start.local.date()
    if not rule.count:
        return rule.until
    left = rule.count
    for day in _days(first, first + timedelta(days=_COUNTED_DAYS)):
        found = _instants(recurrence, day)
        if len(found) >= left:
            return found[left - 1]
        left -= len(found)
    return None


def _days(first: date, last: date) -> Iterator[date]:
    last = min(last, date(LAST_YEAR, 12, 31))
    return (first + timedelta(days=it) for it in range((last - first).days + 1))


def _instants(recurrence: Recurrence, day: date) -> list[datetime]:
    start, rule = recurrence.start, recurrence.rule
    if day < start.local.date():
        return []
    locals_ = [it for it in _locals_on(rule, start.local, day) if it >= start.local]
    return sorted({instant(it, start.zone) for it in locals_})


def _locals_on(rule: Rule, start: datetime, day: date) -> list[datetime]:
    if not rule.positions:
        return _times_on(rule, start, day) if _is_day(rule, start, day) else []
    first, last = _period(rule, day)
    return [it for it in _chosen(rule, start, first, last) if it.date() == day]


@lru_cache(maxsize=1024)
def _chosen(rule: Rule, start: datetime, first: date, last: date) -> tuple[datetime, ...]:
    """Return what BYSETPOS takes of a period, without listing all of the period's times."""
    days = [day for day in _days(first, last) if _is_day(rule, start, day)]
    times = _day_times(rule)
    total = len(days) * len(times)
    indexes = {at - 1 if at > 0 else total + at for at in rule.positions}
    return tuple(
        datetime.combine(days[at // len(times)], times[at % len(times)])
        for at in sorted(indexes)
        if 0 <= at < total
    )


def _times_on(rule: Rule, start: datetime, day: date) -> list[datetime]:
    if rule.frequency is not Frequency.HOURLY:
        return [datetime.combine(day, it) for it in _day_times(rule)]
    passed = (day - start.date()).days * _HOURS - start.hour
    hours = [
        hour
        for hour in (sorted(rule.hours) or range(_HOURS))
        if (passed + hour) % rule.interval == 0
    ]
    return [
        datetime.combine(day, time(hour, minute, second))
        for hour in hours
        for minute in sorted(rule.minutes)
        for second in sorted(rule.seconds)
    ]


@lru_cache(maxsize=512)
def _day_times(rule: Rule) -> tuple[time, ...]:
    return tuple(
        time(hour, minute, second)
        for hour in sorted(rule.hours)
        for minute in sorted(rule.minutes)
        for second in sorted(rule.seconds)
    )


def _is_day(rule: Rule, start: datetime, day: date) -> bool:
    return (
        (not rule.months or day.month in rule.months)
        and (not rule.month_days or _is_month_day(rule, day))
        and (not rule.weekdays or _is_weekday(rule, day))
        and (not rule.year_days or _is_year_day(rule, day))
        and (not rule.weeks or _is_week(rule, day))
        and (rule.interval == 1 or _is_period(rule, start.date(), day))
    )


def _is_month_day(rule: Rule, day: date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return day.day in rule.month_days or day.day - length - 1 in rule.month_days


def _is_year_day(rule: Rule, day: date) -> bool:
    number, length = _in_year(day)
    return number in rule.year_days or number - length - 1 in rule.year_days


def _is_weekday(rule: Rule, day: date) -> bool:
    today = [it for it in rule.weekdays if it.day == day.weekday()]
    if not today or any(it.nth == 0 for it in today):
        return bool(today)
    if rule.frequency is Frequency.MONTHLY or rule.months:
        number, length = day.day, calendar.monthrange(day.year, day.month)[1]
    else:
        number, length = _in_year(day)
    nth = {(number - 1) // 7 + 1, -((length - number) // 7 + 1)}
    return any(it.nth in nth for it in today)


def _is_week(rule: Rule, day: date) -> bool:
    """Return whether the week is meant: the first of a year has at least four days in it."""
    middle = _week_of(day, rule.week_start) + 3 * _DAY
    number = (_in_year(middle)[0] - 1) // 7 + 1
    last = _week_of(date(middle.year, 12, 28), rule.week_start) + 3 * _DAY
    length = (_in_year(last)[0] - 1) // 7 + 1
    return number in rule.weeks or number - length - 1 in rule.weeks


def _is_period(rule: Rule, start: date, day: date) -> bool:
    return _periods_passed(rule, start, day) % rule.interval == 0


def _periods_passed(rule: Rule, start: date, day: date) -> int:
    match rule.frequency:
        case Frequency.YEARLY:
            return day.year - start.year
        case Frequency.MONTHLY:
            return (day.year - start.year) * 12 + day.month - start.month
        case Frequency.WEEKLY:
            weeks = _week_of(day, rule.week_start) - _week_of(start, rule.week_start)
            return weeks.days // 7
        case Frequency.DAILY:
            return (day - start).days
        case Frequency.HOURLY:
            return 0  # which hours, the times of the day say


def _period(rule: Rule, day: date) -> tuple[date, date]:
    match rule.frequency:
        case Frequency.YEARLY:
            return date(day.year, 1, 1), date(day.year, 12, 31)
        case Frequency.MONTHLY:
            length = calendar.monthrange(day.year, day.month)[1]
            return day.replace(day=1), day.replace(day=length)
        case Frequency.WEEKLY:
            first = _week_of(day, rule.week_start)
            return first, first + 6 * _DAY
        case _:
            return day, day


def _week_of(day: date, week_start: int) -> date:
    return day - timedelta(days=(day.weekday() - week_start) % 7)


def _in_year(day: date) -> tuple[int, int]:
    return day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365

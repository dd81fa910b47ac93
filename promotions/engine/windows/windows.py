"""One promotion window: when it is active, and when that changes next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from common.errors import FieldProblem, InvalidError
from promotions.engine.selection.stages import StageSelector
from promotions.engine.windows.occurrences import Recurrence
from promotions.engine.windows.rules import parse_rule
from promotions.engine.windows.times import LAST_YEAR, CalendarTime, parse_time

LONGEST_RECURRING = timedelta(days=366)
AHEAD = timedelta(days=3660)
"""How far ahead the next occurrence of a window is looked for."""
_DAY = timedelta(days=1)
_SKEW = 2
"""How many days off its local date an instant can be, where the clocks once skipped a day."""


class WindowKind(StrEnum):
    """What promotions may do while the window is active."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when, without the end itself; in UTC.

    Attributes:
        length: Exact: an hour that the clocks skip or repeat meanwhile moves the local end.
        recurrence: When it begins again; ``None`` if it is only once.
    """

    start: datetime
    length: timedelta
    recurrence: Recurrence | None = None

    def latest_start(self, at: datetime) -> datetime | None:
        """Return the last beginning at or before ``at`` whose span still covers it."""
        if self.recurrence is None:
            return self.start if self.start <= at < self.start + self.length else None
        earliest = at - self.length
        today = self.recurrence.local_date(at)
        last = self.recurrence.local_date(max(earliest, self.start)) - _SKEW * _DAY
        found = _search(self.recurrence, today + _SKEW * _DAY, last, lambda it: it <= at)
        return max((it for it in found if it > earliest), default=None)

    def next_start(self, after: datetime) -> datetime | None:
        """Return the next beginning after ``after``; ``None`` if none is known."""
        if self.recurrence is None:
            return self.start if self.start > after else None
        if self.recurrence.is_over(after):
            return None
        begin = max(after, self.start - _DAY)
        first = self.recurrence.local_date(begin) - _SKEW * _DAY
        found = _search(self.recurrence, first, first + AHEAD, lambda it: it > after)
        return min(found, default=None)


@dataclass(frozen=True, slots=True)
class Window:
    """A promotion window.

    Attributes:
        is_tenant_wide: Whether the tenant's ClusterConfig has it, and not the project's config.
        span: ``None`` if it cannot be read; then nothing may be promoted.
        stages: Which Stages it is for.
        projects: Which projects; like ``stages``, by name and labels.
    """

    name: str
    kind: WindowKind
    span: Span | None
    is_tenant_wide: bool = False
    stages: StageSelector = field(default_factory=StageSelector)
    projects: StageSelector = field(default_factory=StageSelector)


def parse_span(*, dtstart: str, dtend: str, rrule: str = "") -> Span:
    """Return when a window is active.

    Raises:
        InvalidError: With a problem for each field that is wrong.
    """
    problems: list[FieldProblem] = []
    start = _time(dtstart, "dtstart", problems)
    end = _time(dtend, "dtend", problems)
    span = Span(start.instant, end.instant - start.instant) if start and end else None
    if span and span.length <= timedelta(0):
        problems.append(FieldProblem("dtend", "must be after dtstart"))
    elif span and rrule and span.length > LONGEST_RECURRING:
        limit = f"a window that recurs lasts at most {LONGEST_RECURRING.days} days"
        problems.append(FieldProblem("dtend", f"{limit}; leave out rrule for a longer one"))
    if start and rrule:
        try:
            recurrence = Recurrence(start, parse_rule(rrule, start))
        except InvalidError as error:
            problems.append(FieldProblem("rrule", error.message))
        else:
            span = Span(span.start, span.length, recurrence) if span else None
    if problems or span is None:
        message = "; ".join(map(str, problems))
        raise InvalidError(message, code="invalid_window", problems=tuple(problems))
    return span


def _time(text: str, field: str, problems: list[FieldProblem]) -> CalendarTime | None:
    if not text:
        problems.append(FieldProblem(field, "is required"))
        return None
    try:
        return parse_time(text)
    except InvalidError as error:
        problems.append(FieldProblem(field, error.message))
        return None


def _search(
    recurrence: Recurrence, first: date, last: date, is_wanted: Callable[[datetime], bool]
) -> list[datetime]:
    """Return wanted occurrences of the first day from ``first`` to ``last`` with any.

    Those of the days right after it are among them: where the clocks skip a day, the order of
    local dates is not that of the instants.
    """
    step = _DAY if first <= last else -_DAY
    found: list[datetime] = []
    more = _SKEW
    for number in range(abs((last - first).days) + 1):
        day = first + number * step
        if day.year > LAST_YEAR:
            break
        found += [it for it in recurrence.instants_on(day) if is_wanted(it)]
        if found:
            more -= 1
        if more < 0:
            break
    return found

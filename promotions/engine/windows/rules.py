"""Reads a recurrence rule such as ``FREQ=WEEKLY;BYDAY=MO,TU;BYHOUR=9``.

Source: RFC 5545, 3.3.10. What it forbids is refused, and so is what opens a window more than once
a minute; ``docs/operations/promotion-windows.md`` has the list.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from common.errors import InvalidError
from promotions.engine.windows import exceptions
from promotions.engine.windows.exceptions import Exceptions, parse_exceptions
from promotions.engine.windows.times import CalendarTime, parse_local

LONGEST_RULE = 4000
MOST_A_DAY = 1440
"""How often a day a window may open at most."""
MOST_COUNTED = 10_000
MOST_APART = 10_000

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,5}", re.ASCII)


class Frequency(StrEnum):
    """The period in which the rule's occurrences are found."""

    YEARLY = "YEARLY"
    MONTHLY = "MONTHLY"
    WEEKLY = "WEEKLY"
    DAILY = "DAILY"
    HOURLY = "HOURLY"


@dataclass(frozen=True, slots=True)
class Weekday:
    """A day of the week, Monday is 0; ``nth`` of the month or year, from its end if negative."""

    day: int
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A recurrence rule. A part that is not given is empty.

    Attributes:
        until: The last instant at which there may be an occurrence, in UTC.
        count: How many occurrences there are; 0 if that has no limit.
        positions: Which of a period's occurrences count, from 1, from the end if negative.
        week_start: The day on which weeks begin, Monday is 0.
        exceptions: What does not take place; it counts towards ``count`` all the same.
    """

    frequency: Frequency
    interval: int = 1
    until: datetime | None = None
    count: int = 0
    months: frozenset[int] = frozenset()
    weeks: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    weekdays: frozenset[Weekday] = frozenset()
    hours: frozenset[int] = frozenset()
    minutes: frozenset[int] = frozenset()
    seconds: frozenset[int] = frozenset()
    positions: tuple[int, ...] = ()
    week_start: int = 0
    exceptions: Exceptions = field(default_factory=Exceptions)


@lru_cache(maxsize=512)
def parse_rule(text: str, start: CalendarTime) -> Rule:
    """Return the rule, with what it leaves open taken from the first time, ``start``.

    Lines of ``EXDATE`` may come with it.

    Raises:
        InvalidError: It is no rule of RFC 5545, or one that windows do not support.
    """
    line, excepted = _lines(text)
    rule = replace(_parsed(_parts(line), start), exceptions=parse_exceptions(excepted, start))
    _refuse_unfit(rule)
    whole = _completed(rule, start.local)
    most = len(whole.minutes) * len(whole.seconds)
    most *= 24 if rule.frequency is Frequency.HOURLY else len(whole.hours)
    if most > MOST_A_DAY:
        raise InvalidError(f"opens the window more than {MOST_A_DAY} times a day; use a longer one")
    return whole


def _lines(text: str) -> tuple[str, list[str]]:
    """Return the line with the rule, and those with what does not take place."""
    if len(text) > LONGEST_RULE:
        raise InvalidError(f"is longer than {LONGEST_RULE} characters")
    lines = text.strip().splitlines()
    excepted = [it for it in lines if it.startswith(exceptions.NAME)]
    rules = [it for it in lines if it not in excepted]
    if len(rules) > 1:
        raise InvalidError(
            "must be one rule, and lines of EXDATE if need be; RDATE and a second rule are not "
            "supported, add a window"
        )
    return "".join(rules), excepted


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise InvalidError(f'"{part[:64]}" is not of the form NAME=VALUE, as in FREQ=DAILY')
        if name in parts:
            raise InvalidError(f"{name} is there twice")
        if name not in _KNOWN:
            raise InvalidError(f'"{name[:64]}" is not a part of a rule; known: {", ".join(_KNOWN)}')
        parts[name] = value
    if "FREQ" not in parts:
        raise InvalidError("must have FREQ, as in FREQ=DAILY")
    return parts


def _parsed(parts: Mapping[str, str], start: CalendarTime) -> Rule:
    if "UNTIL" in parts and "COUNT" in parts:
        raise InvalidError("must not have both UNTIL and COUNT")

    def numbers(name: str, low: int, high: int, *, signed: bool = False) -> frozenset[int]:
        return frozenset(_numbers(parts, name, low, high, is_signed=signed))

    return Rule(
        frequency=_frequency(parts["FREQ"]),
        interval=_number(parts, "INTERVAL", MOST_APART) or 1,
        until=_until(parts["UNTIL"], start) if "UNTIL" in parts else None,
        count=_number(parts, "COUNT", MOST_COUNTED),
        months=numbers("BYMONTH", 1, 12),
        weeks=numbers("BYWEEKNO", 1, 53, signed=True),
        year_days=numbers("BYYEARDAY", 1, 366, signed=True),
        month_days=numbers("BYMONTHDAY", 1, 31, signed=True),
        weekdays=frozenset(map(_weekday, _values(parts, "BYDAY"))),
        hours=numbers("BYHOUR", 0, 23),
        minutes=numbers("BYMINUTE", 0, 59),
        seconds=numbers("BYSECOND", 0, 59),
        positions=tuple(_numbers(parts, "BYSETPOS", 1, 366, is_signed=True)),
        week_start=_week_start(parts.get("WKST", "MO")),
    )


def _frequency(text: str) -> Frequency:
    if text in {"MINUTELY", "SECONDLY"}:
        raise InvalidError(
            f"FREQ={text} is not supported: such a window would hardly ever close; "
            "use FREQ=HOURLY with BYMINUTE"
        )
    try:
        return Frequency(text)
    except ValueError as error:
        known = ", ".join(Frequency)
        raise InvalidError(f'FREQ must be one of {known}, not "{text[:64]}"') from error


def _until(text: str, start: CalendarTime) -> datetime:
    try:
        local, is_utc = parse_local(text)
    except InvalidError as error:
        raise InvalidError(f"UNTIL {error.message}") from error
    return local.replace(tzinfo=UTC) if is_utc else CalendarTime(local, start.zone).instant


def _number(parts: Mapping[str, str], name: str, highest: int) -> int:
    if name not in parts:
        return 0
    found = _numbers(parts, name, 1, highest, is_signed=False)
    if len(found) != 1:
        raise InvalidError(f"{name} must be one number")
    return found[0]


def _numbers(
    parts: Mapping[str, str], name: str, low: int, high: int, *, is_signed: bool
) -> list[int]:
    found = []
    for text in _values(parts, name):
        number = int(text) if _NUMBER.fullmatch(text) else None
        if number is None or not low <= (abs(number) if is_signed else number) <= high:
            also = f" or from -{high} to -{low}" if is_signed else ""
            raise InvalidError(f'{name} must be from {low} to {high}{also}, not "{text[:64]}"')
        found.append(number)
    return found


def _values(parts: Mapping[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _weekday(text: str) -> Weekday:
    match = _WEEKDAY.fullmatch(text)
    nth = int(match[1]) if match and match[1] else 0
    if match is None or abs(nth) > 53 or (match[1] and nth == 0):  # noqa: PLR2004 # weeks a year
        raise InvalidError(f'BYDAY must be days such as MO, 1MO or -1FR, not "{text[:64]}"')
    return Weekday(WEEKDAYS.index(match[2]), nth)


def _week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise InvalidError(f'WKST must be one of {", ".join(WEEKDAYS)}, not "{text[:64]}"')
    return WEEKDAYS.index(text)


def _refuse_unfit(rule: Rule) -> None:
    """Refuse the combinations that RFC 5545 forbids, and positions within an hour."""
    for applies, problem in _UNFIT:
        if applies(rule):
            raise InvalidError(problem)


def _completed(rule: Rule, start: datetime) -> Rule:
    """Return the rule with what it leaves open taken from the first time (RFC 5545, 3.3.10)."""
    months, month_days, weekdays = rule.months, rule.month_days, rule.weekdays
    if not (rule.year_days or rule.month_days or rule.weekdays):
        match rule.frequency:
            case Frequency.YEARLY if rule.weeks:
                weekdays = frozenset({Weekday(start.weekday())})
            case Frequency.YEARLY:
                months = months or frozenset({start.month})
                month_days = frozenset({start.day})
            case Frequency.MONTHLY:
                month_days = frozenset({start.day})
            case Frequency.WEEKLY:
                weekdays = frozenset({Weekday(start.weekday())})
            case _:
                pass
    is_hourly = rule.frequency is Frequency.HOURLY
    return replace(
        rule,
        months=months,
        month_days=month_days,
        weekdays=weekdays,
        hours=rule.hours or (frozenset() if is_hourly else frozenset({start.hour})),
        minutes=rule.minutes or frozenset({start.minute}),
        seconds=rule.seconds or frozenset({start.second}),
    )


def _has_nth(rule: Rule) -> bool:
    return any(it.nth for it in rule.weekdays)


def _is(rule: Rule, *frequencies: Frequency) -> bool:
    return rule.frequency in frequencies


_Y, _M, _W, _D, _H = Frequency
_PARTS = (
    *("BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"),
    *("BYHOUR", "BYMINUTE", "BYSECOND"),
)
_KNOWN = ("FREQ", "UNTIL", "COUNT", "INTERVAL", *_PARTS, "BYSETPOS", "WKST")
_UNFIT: tuple[tuple[Callable[[Rule], bool], str], ...] = (
    (lambda it: bool(it.weeks) and not _is(it, _Y), "BYWEEKNO is only for FREQ=YEARLY"),
    (
        lambda it: bool(it.year_days) and _is(it, _M, _W, _D),
        "BYYEARDAY is only for FREQ=YEARLY and FREQ=HOURLY",
    ),
    (lambda it: bool(it.month_days) and _is(it, _W), "BYMONTHDAY is not for FREQ=WEEKLY"),
    (
        lambda it: _has_nth(it) and not _is(it, _Y, _M),
        "BYDAY may have numbers only with FREQ=YEARLY and FREQ=MONTHLY",
    ),
    (lambda it: _has_nth(it) and bool(it.weeks), "BYDAY must not have numbers with BYWEEKNO"),
    (
        lambda it: bool(it.positions) and _is(it, _H),
        "BYSETPOS is not supported with FREQ=HOURLY; list the minutes in BYMINUTE",
    ),
    (
        lambda it: (
            bool(it.positions)
            and not any(
                (
                    *(it.months, it.weeks, it.year_days, it.month_days),
                    *(it.weekdays, it.hours, it.minutes, it.seconds),
                )
            )
        ),
        "BYSETPOS chooses among what other BY parts give; add one",
    ),
)

"""Which times and rules are read, and what is said of the others."""

import pytest

from common.errors import InvalidError
from promotions.engine.windows.windows import parse_span

START, END = "TZID=Europe/Oslo:20260101T090000", "TZID=Europe/Oslo:20260101T100000"


def problems(dtstart: str = START, dtend: str = END, rrule: str = "") -> list[str]:
    with pytest.raises(InvalidError) as caught:
        parse_span(dtstart=dtstart, dtend=dtend, rrule=rrule)
    return [str(it) for it in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is required"),
        ("tomorrow", "must be a time such as"),
        ("2026-01-01T09:00:00Z", "must be a time such as"),
        ("20260230T090000", "is not in the calendar"),
        ("20260101T250000", "is not in the calendar"),
        ("00010101T000000", "must be in a year from 1970 to 2199"),
        ("TZID=Europe/Oslo!:20260101T090000", "unknown time zone"),
        ("TZID=../../etc/passwd:20260101T090000", "unknown time zone"),
        ("TZID=tzdata.zi:20260101T090000", "unknown time zone"),
        ("TZID=Europe:20260101T090000", "unknown time zone"),
        ("TZID=Europe/Oslo:20260101T090000Z", 'has both TZID and "Z"'),
    ],
)
def test_a_time_that_is_none_is_refused(text: str, problem: str) -> None:
    (found,) = problems(dtstart=text)

    assert found.startswith("dtstart: ")
    assert problem in found


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("BYDAY=MO", "must have FREQ"),
        ("FREQ=SOMETIMES", "FREQ must be one of YEARLY, MONTHLY"),
        ("FREQ=SECONDLY", "use FREQ=HOURLY with BYMINUTE"),
        ("FREQ=MINUTELY", "use FREQ=HOURLY with BYMINUTE"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice"),
        ("FREQ=DAILY;BYEASTER=1", '"BYEASTER" is not a part of a rule'),
        ("FREQ=DAILY;", None),
        ("RRULE:FREQ=DAILY", None),
        ("FREQ=DAILY;INTERVAL", "is not of the form NAME=VALUE"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be from 1 to 10000"),
        ("FREQ=DAILY;INTERVAL=99999999999999999999", "INTERVAL must be from 1"),
        ("FREQ=DAILY;COUNT=1;UNTIL=20270101T000000Z", "must not have both UNTIL and COUNT"),
        ("FREQ=DAILY;COUNT=1000000", "COUNT must be from 1 to 10000"),
        ("FREQ=DAILY;UNTIL=20270101", "UNTIL must have a date and a time"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH must be from 1 to 12"),
        ("FREQ=MONTHLY;BYMONTHDAY=-32", "or from -31 to -1"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY must be"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY must be days such as"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY may have numbers only with"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY is not for FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO is only for FREQ=YEARLY"),
        ("FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY is only for"),
        ("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", "must not have numbers with BYWEEKNO"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR must be from 0 to 23"),
        ("FREQ=DAILY;BYSECOND=60", "BYSECOND must be from 0 to 59"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses among what other BY parts give"),
        ("FREQ=HOURLY;BYMINUTE=1,2;BYSETPOS=1", "BYSETPOS is not supported with FREQ=HOURLY"),
        ("FREQ=DAILY;WKST=XX", "WKST must be one of"),
        ("FREQ=DAILY\nEXDATE:20260101T090000", None),
        ("EXDATE;TZID=Europe/Oslo:20260101T090000\r\nRRULE:FREQ=DAILY\n", None),
        ("EXDATE:20260101T090000", "is not of the form NAME=VALUE"),
        ("FREQ=DAILY\nEXDATE", "EXDATE must be followed by times"),
        ("FREQ=DAILY\nEXDATE:soon", "EXDATE must have a date and a time"),
        ("FREQ=DAILY\nEXDATE:20260230", "is not in the calendar"),
        ("FREQ=DAILY\nEXDATE;TZID=Mars:20260101T090000", "unknown time zone"),
        ("FREQ=DAILY\nEXDATE;X=1:20260101T090000", 'EXDATE has no parameter "X=1"'),
        ("FREQ=DAILY\nRDATE:20260101T090000", "RDATE and a second rule are not supported"),
        ("FREQ=DAILY\nFREQ=WEEKLY", "RDATE and a second rule are not supported"),
        ("FREQ=DAILY;" + "X" * 4000, "is longer than 4000 characters"),
        (
            "FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=0,30",
            "more than 1440 times a day",
        ),
    ],
)
def test_a_rule_is_read_or_it_is_said_what_is_wrong(rule: str, problem: str | None) -> None:
    if problem is None:
        assert parse_span(dtstart=START, dtend=END, rrule=rule).recurrence is not None
        return

    (found,) = problems(rrule=rule)

    assert found.startswith("rrule: ")
    assert problem in found


def test_a_window_ends_after_it_begins() -> None:
    assert problems(dtend=START) == ["dtend: must be after dtstart"]


def test_a_window_that_recurs_lasts_a_year_at_most() -> None:
    (found,) = problems(dtend="20280101T000000Z", rrule="FREQ=DAILY")

    assert found.startswith("dtend: a window that recurs lasts at most 366 days")
    assert parse_span(dtstart=START, dtend="20480101T000000Z").recurrence is None


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems(dtend="never", rrule="FREQ=NEVER")

    assert [it.split(":")[0] for it in found] == ["dtend", "rrule"]

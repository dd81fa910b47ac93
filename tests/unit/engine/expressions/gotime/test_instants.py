from datetime import UTC as UTC_TIMEZONE, datetime, timedelta, timezone

import pytest
from hypothesis import given, strategies as st

from promotions.engine.expressions.gotime.durations import HOUR, SECOND, Duration
from promotions.engine.expressions.gotime.formatting import format_time
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import LARGEST, SMALLEST
from promotions.engine.expressions.gotime.zone_files import load_location
from promotions.engine.expressions.gotime.zones import fixed_zone

ZURICH = load_location("Europe/Zurich")
NEW_YORK = load_location("America/New_York")
INT64 = st.integers(SMALLEST, LARGEST)
MOMENTS = st.datetimes(timezones=st.just(UTC_TIMEZONE))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> Time:
    return Time.of((year, month, day), (hour, minute, 0))


def test_the_zero_time_is_the_start_of_year_one() -> None:
    assert Time().date() == (1, 1, 1)
    assert Time().is_zero()
    assert Time().weekday() == 1


def test_a_datetime_enters_as_the_same_instant_in_utc() -> None:
    moment = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=2)))

    time = Time.from_datetime(moment)

    assert format_time(time) == "2026-05-06 05:08:09.123456 +0000 UTC"


@given(MOMENTS)
def test_dates_agree_with_the_standard_library(moment: datetime) -> None:
    time = Time.from_datetime(moment)

    assert time.date() == (moment.year, moment.month, moment.day)
    assert time.clock() == (moment.hour, moment.minute, moment.second)
    assert time.year_day() == moment.timetuple().tm_yday
    assert time.weekday() == moment.isoweekday() % 7
    assert time.iso_week() == tuple(moment.isocalendar())[:2]


@given(INT64, st.integers(0, SECOND - 1))
def test_a_date_and_time_of_day_lead_back_to_the_instant(seconds: int, ns: int) -> None:
    time = Time(seconds, ns)

    assert Time.of(time.date(), time.clock(), nanosecond=ns) == time


@pytest.mark.parametrize(
    ("start", "change", "date"),
    [
        ((2024, 2, 29), (1, 0, -2), (2025, 2, 27)),
        ((2024, 2, 29), (-3000, 0, 0), (-976, 2, 29)),
        ((2024, 2, 29), (0, 0, 400), (2025, 4, 4)),
        ((2024, 1, 31), (0, 1, 0), (2024, 3, 2)),
        ((2024, 3, 31), (0, -1, 0), (2024, 3, 2)),
        ((2024, 12, 1), (0, 13, 0), (2026, 1, 1)),
    ],
)
def test_what_is_past_the_end_of_a_month_runs_on(
    start: tuple[int, int, int], change: tuple[int, int, int], date: tuple[int, int, int]
) -> None:
    moved = at(*start, 10).add_date(*change)

    assert (moved.date(), moved.clock()) == (date, (10, 0, 0))


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ((2, 30), "2026-03-29 01:30:00 +0000 UTC"),  # skipped: read an hour too early or late
        ((1, 59), "2026-03-29 00:59:00 +0000 UTC"),
        ((3, 0), "2026-03-29 01:00:00 +0000 UTC"),
    ],
)
def test_a_time_that_clocks_skip_is_read_as_go_does(local: tuple[int, int], utc: str) -> None:
    time = Time.of((2026, 3, 29), (*local, 0), location=ZURICH)

    assert format_time(Time(time.seconds)) == utc


def test_a_time_that_clocks_show_twice_is_one_of_both() -> None:
    time = Time.of((2026, 11, 1), (1, 30, 0), location=NEW_YORK)

    assert format_time(time) == "2026-11-01 01:30:00 -0400 EDT"


def test_the_calendar_is_that_of_the_place() -> None:
    time = at(2026, 1, 1, 4).seen_from(NEW_YORK)

    assert (time.date(), time.clock()) == ((2025, 12, 31), (23, 0, 0))
    assert time.is_same_instant(at(2026, 1, 1, 4))
    assert time != at(2026, 1, 1, 4)


def test_a_zone_ends_where_the_next_begins() -> None:
    start, end = at(1990, 7, 1).seen_from(ZURICH).zone_bounds()

    assert [format_time(it) for it in (start, end)] == [
        "1990-03-25 03:00:00 +0200 CEST",
        "1990-09-30 02:00:00 +0100 CET",
    ]


def test_a_zone_without_bounds_has_zero_times() -> None:
    assert all(it.is_zero() for it in at(1990, 7, 1).zone_bounds())


def test_differences_end_at_the_longest_duration() -> None:
    assert at(9999, 1, 1).since(at(1, 1, 1)) == Duration(LARGEST)
    assert at(1, 1, 1).since(at(9999, 1, 1)) == Duration(SMALLEST)


@pytest.mark.parametrize(
    ("unit", "truncated", "rounded"),
    [
        (HOUR, (10, 0), (11, 0)),
        (24 * HOUR, (0, 0), (0, 0)),
        (0, (10, 30), (10, 30)),
        (7 * 60 * SECOND, (10, 27), (10, 27)),
    ],
)
def test_times_are_rounded_since_year_one(
    unit: int, truncated: tuple[int, int], rounded: tuple[int, int]
) -> None:
    time = at(2026, 5, 6, 10, 30)

    assert time.truncated(Duration(unit)).clock()[:2] == truncated
    assert time.rounded(Duration(unit)).clock()[:2] == rounded


def test_times_before_year_one_are_cut_downwards() -> None:
    assert at(-5, 5, 6, 10, 30).truncated(Duration(HOUR)) == at(-5, 5, 6, 10)


@given(INT64, st.integers(0, SECOND - 1), INT64)
def test_adding_never_leaves_the_range(seconds: int, ns: int, length: int) -> None:
    moved = Time(seconds, ns).add(Duration(length))

    assert SMALLEST <= moved.seconds <= LARGEST
    assert 0 <= moved.nanosecond < SECOND


@given(MOMENTS, st.integers(-(10**18), 10**18))
def test_what_is_added_can_be_told_by_subtraction(moment: datetime, ns: int) -> None:
    time = Time.from_datetime(moment)

    assert time.add(Duration(ns)).since(time) == Duration(ns)


def test_an_offset_below_a_minute_counts() -> None:
    assert at(2026, 1, 1).seen_from(fixed_zone("", -1)).clock() == (23, 59, 59)

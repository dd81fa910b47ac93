"""Cron lines come round when Argo CD's own library says so."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from promotions.engine.argocd.cron import CronError, parse_schedule

NEW_YORK = "TZ=America/New_York "


def _next(line: str, moment: str) -> str:
    found = parse_schedule(line).next_after(datetime.fromisoformat(moment))
    return found.isoformat(timespec="minutes") if found else ""


@pytest.mark.parametrize(
    ("moment", "line", "expected"),
    [
        ("2012-07-09T14:45Z", "0/15 * * * *", "2012-07-09T15:00+00:00"),
        ("2012-07-09T14:59:59.9Z", "0/15 * * * *", "2012-07-09T15:00+00:00"),
        ("2012-07-09T15:45Z", "20-35/15 * * * *", "2012-07-09T16:20+00:00"),
        ("2012-07-09T23:45Z", "20-35/15 * * * *", "2012-07-10T00:20+00:00"),
        ("2012-07-09T23:35Z", "0 0 9 Apr-Oct ?", "2012-08-09T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 */5 Apr,Aug,Oct Mon", "2012-08-01T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 * feb MON", "2013-02-04T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 * Feb Mon/2", "2013-02-01T00:00+00:00"),
        ("2012-12-31T23:59:45Z", "* * * * *", "2013-01-01T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 29 Feb ?", "2016-02-29T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 1,15 * Sun", "2012-07-15T00:00+00:00"),
        ("2012-07-15T00:00Z", "0 0 1,15 * Sun", "2012-07-22T00:00+00:00"),
        ("2012-07-09T23:35Z", "0 0 15 * *", "2012-07-15T00:00+00:00"),
    ],
)
def test_a_line_comes_round_next(moment: str, line: str, expected: str) -> None:
    assert _next(line, moment) == expected


@pytest.mark.parametrize("line", ["0 0 30 2 *", "0 0 31 apr,jun ?", ", * * * *"])
def test_a_line_that_never_comes_round_ends_the_search(line: str) -> None:
    assert _next(line, "2026-01-10T10:00Z") == ""


@pytest.mark.parametrize(
    ("moment", "line", "expected"),
    [
        # The clocks go from 02:00 to 03:00, and that year there is no half past two.
        ("2012-03-11T05:00Z", "30 2 11 Mar ?", "2013-03-11T06:30+00:00"),
        # They go back from 02:00 to 01:00, and half past one comes twice.
        ("2012-11-04T04:00Z", "30 1 4 Nov ?", "2012-11-04T05:30+00:00"),
        ("2012-11-04T05:45Z", "30 1 4 Nov ?", "2012-11-04T06:30+00:00"),
        ("2012-11-04T05:35Z", "0,30,45 1 4 Nov ?", "2012-11-04T05:45+00:00"),
    ],
)
def test_a_line_with_a_time_zone_follows_its_clocks(moment: str, line: str, expected: str) -> None:
    assert _next(NEW_YORK + line, moment) == expected


def test_a_line_without_a_time_zone_takes_the_clock_that_is_given() -> None:
    moment = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo"))

    found = parse_schedule("0 22 * * *").next_after(moment)

    assert found == moment + timedelta(hours=10)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "empty spec string"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("* * * * * *", "expected exactly 5 fields, found 6: [* * * * * *]"),
        ("@daily", "parser does not accept descriptors: @daily"),
        ("TZ=Mars/Base * * * * *", "provided bad location Mars/Base: unknown time zone Mars/Base"),
        ("TZ=../x * * * * *", "provided bad location ../x: unknown time zone ../x"),
        ("TZ=UTC", "expected exactly 5 fields, found 0: []"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("* 5-3 * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("*//2 * * * *", "too many slashes: *//2"),
        ("1--2 * * * *", "too many hyphens: 1--2"),
        (
            "x * * * *",
            'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
        ),
        ("* * * * * " * 500, "the line is too long"),
    ],
)
def test_a_line_that_cannot_be_understood_is_refused_in_the_librarys_words(
    line: str, message: str
) -> None:
    with pytest.raises(CronError) as caught:
        parse_schedule(line)
    assert caught.value.message == message

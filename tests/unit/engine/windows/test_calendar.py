"""Windows against a calendar written by hand: zones, changes of clocks, ends of years."""

from datetime import UTC, datetime

import pytest

from promotions.engine.windows.windows import parse_span

WEEKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"

# Each window: dtstart, dtend, rrule, and when it is active between two moments, in UTC.
CALENDAR = {
    "office hours in New York, across the change to summer time": (
        ("TZID=America/New_York:20260101T090000", "TZID=America/New_York:20260101T170000"),
        WEEKDAYS,
        ("20260306T000000", "20260310T000000"),
        [("20260306T140000", "20260306T220000"), ("20260309T130000", "20260309T210000")],
    ),
    "office hours in New York, across the change to winter time": (
        ("TZID=America/New_York:20260101T090000", "TZID=America/New_York:20260101T170000"),
        WEEKDAYS,
        ("20261030T000000", "20261103T000000"),
        [("20261030T130000", "20261030T210000"), ("20261102T140000", "20261102T220000")],
    ),
    "half past two on the night on which New York skips it": (
        ("TZID=America/New_York:20260101T023000", "TZID=America/New_York:20260101T033000"),
        "FREQ=DAILY",
        ("20260307T000000", "20260309T230000"),
        [
            ("20260307T073000", "20260307T083000"),
            ("20260308T073000", "20260308T083000"),  # 03:30 to 04:30 by the clock
            ("20260309T063000", "20260309T073000"),
        ],
    ),
    "half past one on the night on which New York has it twice": (
        ("TZID=America/New_York:20260101T013000", "TZID=America/New_York:20260101T020000"),
        "FREQ=DAILY",
        ("20261101T000000", "20261103T000000"),
        [("20261101T053000", "20261101T060000"), ("20261102T063000", "20261102T070000")],
    ),
    "a night in Berlin that is an hour shorter lasts as long and ends an hour later": (
        ("TZID=Europe/Berlin:20260101T220000", "TZID=Europe/Berlin:20260102T060000"),
        "FREQ=DAILY",
        ("20260328T120000", "20260330T120000"),
        [("20260328T210000", "20260329T050000"), ("20260329T200000", "20260330T040000")],
    ),
    "a night in Berlin that is an hour longer": (
        ("TZID=Europe/Berlin:20260101T220000", "TZID=Europe/Berlin:20260102T060000"),
        "FREQ=DAILY",
        ("20261024T120000", "20261026T120000"),
        [("20261024T200000", "20261025T040000"), ("20261025T210000", "20261026T050000")],
    ),
    "Sydney, where summer time ends in April": (
        ("TZID=Australia/Sydney:20260101T090000", "TZID=Australia/Sydney:20260101T100000"),
        "FREQ=DAILY",
        ("20260403T120000", "20260406T120000"),
        [
            ("20260403T220000", "20260403T230000"),
            ("20260404T230000", "20260405T000000"),
            ("20260405T230000", "20260406T000000"),
        ],
    ),
    "Lord Howe Island, where the clocks move by half an hour": (
        ("TZID=Australia/Lord_Howe:20260101T090000", "TZID=Australia/Lord_Howe:20260101T100000"),
        "FREQ=DAILY",
        ("20261002T120000", "20261005T000000"),
        [
            ("20261002T223000", "20261002T233000"),
            ("20261003T220000", "20261003T230000"),
            ("20261004T220000", "20261004T230000"),
        ],
    ),
    "Samoa, where 30 December 2011 never was": (
        ("TZID=Pacific/Apia:20111201T100000", "TZID=Pacific/Apia:20111201T110000"),
        "FREQ=DAILY",
        ("20111229T000000", "20120101T000000"),
        [
            ("20111229T200000", "20111229T210000"),
            ("20111230T200000", "20111230T210000"),
            ("20111231T200000", "20111231T210000"),
        ],
    ),
    "the end of the year, into the next": (
        ("20251220T000000Z", "20260105T000000Z"),
        "FREQ=YEARLY",
        ("20261101T000000", "20280601T000000"),
        [("20261220T000000", "20270105T000000"), ("20271220T000000", "20280105T000000")],
    ),
    "leap days": (
        ("20240229T120000Z", "20240229T130000Z"),
        "FREQ=YEARLY",
        ("20240101T000000", "20340101T000000"),
        [
            ("20240229T120000", "20240229T130000"),
            ("20280229T120000", "20280229T130000"),
            ("20320229T120000", "20320229T130000"),
        ],
    ),
    "the last Friday of each month": (
        ("TZID=Asia/Kolkata:20260101T000000", "TZID=Asia/Kolkata:20260102T000000"),
        "FREQ=MONTHLY;BYDAY=-1FR",
        ("20260101T000000", "20260401T000000"),
        [
            ("20260129T183000", "20260130T183000"),
            ("20260226T183000", "20260227T183000"),
            ("20260326T183000", "20260327T183000"),
        ],
    ),
    "the last working day of the month": (
        ("20260101T120000Z", "20260101T180000Z"),
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ("20260101T000000", "20260401T000000"),
        [
            ("20260130T120000", "20260130T180000"),
            ("20260227T120000", "20260227T180000"),
            ("20260331T120000", "20260331T180000"),
        ],
    ),
    "three times and never again": (
        ("20260110T100000Z", "20260110T110000Z"),
        "FREQ=WEEKLY;INTERVAL=2;COUNT=3",
        ("20260101T000000", "20270101T000000"),
        [
            ("20260110T100000", "20260110T110000"),
            ("20260124T100000", "20260124T110000"),
            ("20260207T100000", "20260207T110000"),
        ],
    ),
    "until a moment, that moment included": (
        ("TZID=America/New_York:20260301T090000", "TZID=America/New_York:20260301T100000"),
        "FREQ=WEEKLY;UNTIL=20260308T130000Z",
        ("20260101T000000", "20270101T000000"),
        [("20260301T140000", "20260301T150000"), ("20260308T130000", "20260308T140000")],
    ),
    "the thirty-first, where there is one": (
        ("20260131T000000Z", "20260201T000000Z"),
        "FREQ=MONTHLY",
        ("20260101T000000", "20260701T000000"),
        [
            ("20260131T000000", "20260201T000000"),
            ("20260331T000000", "20260401T000000"),
            ("20260531T000000", "20260601T000000"),
        ],
    ),
    "the first ten minutes of each hour, in the night": (
        ("20260101T000000Z", "20260101T001000Z"),
        "FREQ=HOURLY;BYHOUR=22,23,0",
        ("20260101T120000", "20260102T120000"),
        [
            ("20260101T220000", "20260101T221000"),
            ("20260101T230000", "20260101T231000"),
            ("20260102T000000", "20260102T001000"),
        ],
    ),
    "occurrences that overlap are one": (
        ("20260101T000000Z", "20260101T180000Z"),
        "FREQ=HOURLY;INTERVAL=12;COUNT=3",
        ("20251231T000000", "20260105T000000"),
        [("20260101T000000", "20260102T180000")],
    ),
    "once, from one zone to another": (
        ("TZID=Europe/London:20261224T000000", "TZID=America/Los_Angeles:20261227T000000"),
        "",
        ("20261201T000000", "20270201T000000"),
        [("20261224T000000", "20261227T080000")],
    ),
}


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


@pytest.mark.parametrize("name", CALENDAR)
def test_a_window_is_active_when_the_calendar_says(name: str) -> None:
    (dtstart, dtend), rrule, (first, last), expected = CALENDAR[name]
    span = parse_span(dtstart=dtstart, dtend=dtend, rrule=rrule)

    found, moment = [], at(first)
    while (begin := span.next_start(moment)) is not None and begin < at(last):
        end = begin + span.length
        while (again := span.latest_start(end)) is not None:
            end = again + span.length
        found.append((begin, end))
        moment = end

    assert found == [(at(start), at(end)) for start, end in expected]


@pytest.mark.parametrize("name", CALENDAR)
def test_the_end_of_a_window_is_not_in_it(name: str) -> None:
    (dtstart, dtend), rrule, _, expected = CALENDAR[name]
    span = parse_span(dtstart=dtstart, dtend=dtend, rrule=rrule)

    assert all(span.latest_start(at(start)) is not None for start, _ in expected)
    assert all(span.latest_start(at(end)) is None for _, end in expected)

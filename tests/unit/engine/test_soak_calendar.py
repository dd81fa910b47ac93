"""Which Freight may be promoted at which minute, against calendars written by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from promotions.engine.availability import (
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    Strategy,
    availability,
    candidacy,
)
from promotions.engine.freight import FreightOrigin

NINE = datetime(2026, 3, 29, 9, tzinfo=UTC)
MAIN = FreightOrigin("main")


def at(clock: str) -> datetime:
    """Return a time of that day, from ``HH:MM`` or ``HH:MM:SS``."""
    hours, minutes, *seconds = map(int, clock.split(":"))
    return NINE.replace(hour=hours, minute=minutes, second=seconds[0] if seconds else 0)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@dataclass(frozen=True)
class Page:
    """A page of the calendar: what a Stage asks for, where Freight stands, and since when it may.

    ``no`` is the last time of the page at which it may not be promoted, ``yes`` the first at which
    it may; empty is never.
    """

    what: str
    request: RequestedFreight
    standing: FreightStanding
    no: str = ""
    yes: str = ""


def asks(soak: int | None, *stages: str, strategy: Strategy = Strategy.ONE_OF) -> RequestedFreight:
    required = None if soak is None else minutes(soak)
    return RequestedFreight(MAIN, stages=stages, required_soak=required, strategy=strategy)


def stands(
    verified: dict[str, int | None] | None = None,
    current: dict[str, str] | None = None,
    *,
    approved: str = "",
) -> FreightStanding:
    return FreightStanding(
        name="f",
        origin=MAIN,
        discovered_at=NINE,
        approved_for=frozenset({approved} - {""}),
        verified_in={
            stage: None if soak is None else minutes(soak)
            for stage, soak in (verified or {}).items()
        },
        currently_in={stage: at(since) for stage, since in (current or {}).items()},
    )


ALL = Strategy.ALL
PAGES = [
    Page(
        "30 minutes from 09:10",
        asks(30, "test"),
        stands({"test": None}, {"test": "09:10"}),
        no="09:39:59",
        yes="09:40",
    ),
    Page(
        "no soak is asked for",
        asks(None, "test"),
        stands({"test": None}, {"test": "09:10"}),
        yes="09:00",
    ),
    Page("nothing at all is asked for", asks(0, "test"), stands({"test": None}), yes="09:00"),
    Page(
        "it was there for long, but never verified",
        asks(30, "test"),
        stands({}, {"test": "08:00"}),
        no="23:59",
    ),
    Page(
        "it left after 40 minutes, which were enough",
        asks(30, "test"),
        stands({"test": 40}),
        yes="09:00",
    ),
    Page("it left after 29 minutes", asks(30, "test"), stands({"test": 29}), no="23:59"),
    Page(
        "it left after 29 minutes and came back at 09:30: stays do not add up",
        asks(30, "test"),
        stands({"test": 29}, {"test": "09:30"}),
        no="09:59:59",
        yes="10:00",
    ),
    Page(
        "it left after an hour and came back just now",
        asks(30, "test"),
        stands({"test": 60}, {"test": "09:30"}),
        yes="09:00",
    ),
    Page(
        "one of two: the first that is over",
        asks(30, "east", "west"),
        stands({"east": None, "west": None}, {"east": "09:20", "west": "09:10"}),
        no="09:39",
        yes="09:40",
    ),
    Page(
        "one of two: the one that is not verified does not count, however long it soaked",
        asks(30, "east", "west"),
        stands({"east": None}, {"east": "09:20", "west": "08:00"}),
        no="09:49",
        yes="09:50",
    ),
    Page(
        "all of two: the last that is over",
        asks(30, "east", "west", strategy=ALL),
        stands({"east": None, "west": None}, {"east": "09:20", "west": "09:10"}),
        no="09:49",
        yes="09:50",
    ),
    Page(
        "all of two: one is over for good",
        asks(30, "east", "west", strategy=ALL),
        stands({"east": 45, "west": None}, {"west": "10:00"}),
        no="10:29",
        yes="10:30",
    ),
    Page(
        "all of two: one left too early",
        asks(30, "east", "west", strategy=ALL),
        stands({"east": 10, "west": None}, {"west": "08:00"}),
        no="23:59",
    ),
    Page(
        "a Stage that is not listed soaks for nobody",
        asks(30, "test"),
        stands({"test": 5, "other": 600}),
        no="23:59",
    ),
    Page(
        "approved: neither verified nor soaked",
        asks(600, "test"),
        stands(approved="prod"),
        yes="09:00",
    ),
    Page(
        "approved for somebody else",
        asks(600, "test"),
        stands(approved="uat"),
        no="23:59",
    ),
    Page(
        "direct: soak is about Stages upstream",
        RequestedFreight(MAIN, direct=True, required_soak=minutes(600)),
        stands(),
        yes="09:00",
    ),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.what)
def test_freight_may_be_promoted_from_the_minute_in_the_calendar(page: Page) -> None:
    for judge in (availability, candidacy):
        for clock, expected in ((page.no, False), (page.yes, True), ("23:59", bool(page.yes))):
            if clock:
                found = judge(page.standing, stage="prod", requests=[page.request], now=at(clock))
                assert found.is_available is expected, (judge.__name__, clock)


@pytest.mark.parametrize(
    "page", [it for it in PAGES if it.no and it.yes], ids=lambda page: page.what
)
def test_before_that_it_says_until_when(page: Page) -> None:
    found = availability(page.standing, stage="prod", requests=[page.request], now=at(page.no))

    assert found.available_at == at(page.yes)


def test_following_upstream_counts_only_while_it_is_there() -> None:
    request = RequestedFreight(
        MAIN,
        stages=("test",),
        required_soak=minutes(30),
        selection_policy=SelectionPolicy.MATCH_UPSTREAM,
    )
    staying, left = stands({"test": None}, {"test": "09:10"}), stands({"test": 45})
    approved = stands(approved="prod")

    def may(standing: FreightStanding, clock: str) -> tuple[bool, bool]:
        person = availability(standing, stage="prod", requests=[request], now=at(clock))
        automation = candidacy(standing, stage="prod", requests=[request], now=at(clock))
        return person.is_available, automation.is_available

    assert may(staying, "09:39") == (False, False)
    assert may(staying, "09:40") == (True, True)
    assert may(left, "23:59") == (True, False)  # a person may, automation does not
    assert may(approved, "09:00") == (True, False)

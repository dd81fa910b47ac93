"""When a Stage is open, why it is not, and when that changes."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings, strategies as st

from common.jsontypes import JSONObject
from promotions.engine.eligibility import Bars, Code
from promotions.engine.windows.schedule import (
    WindowStatus,
    status_to,
    why_closed,
    window_status,
    windows_for,
    windows_from,
)
from promotions.engine.windows.windows import Window

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
OFFICE: JSONObject = {
    "name": "office",
    "kind": "Allow",
    "dtstart": "20260101T090000Z",
    "dtend": "20260101T170000Z",
    "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
}
FREEZE: JSONObject = {
    "name": "freeze",
    "kind": "Deny",
    "dtstart": "20260601T110000Z",
    "dtend": "20260601T130000Z",
}


def status(
    *documents: JSONObject, at: datetime = NOON, is_tenant_wide: bool = False
) -> WindowStatus:
    spec: JSONObject = {"promotionWindows": list(documents)}
    found = window_status(windows_from(spec, is_tenant_wide=is_tenant_wide), at=at)
    assert found is not None
    return found


def test_without_windows_there_is_nothing_to_say() -> None:
    assert window_status((), at=NOON) is None
    assert status_to(None) is None
    assert why_closed(None) is None


def test_an_active_window_that_allows_opens_until_it_ends() -> None:
    found = status(OFFICE)

    assert not found.is_closed
    assert found.next_close == datetime(2026, 6, 1, 17, tzinfo=UTC)
    assert found.next_close_reason == 'outside of promotion window "office"'
    assert why_closed(found) is None


def test_outside_of_every_window_that_allows_it_is_closed() -> None:
    found = status(OFFICE, at=datetime(2026, 6, 5, 17, tzinfo=UTC))  # Friday

    assert found.is_closed
    assert found.next_open == datetime(2026, 6, 8, 9, tzinfo=UTC)
    assert found.reason == (
        'promotions are closed: outside of promotion window "office"; '
        "they open at 2026-06-08 09:00:00 UTC"
    )


def test_one_of_several_windows_that_allow_is_enough() -> None:
    night = {**OFFICE, "name": "night", "dtstart": "20260101T160000Z", "dtend": "20260101T230000Z"}

    found = status(OFFICE, night)

    assert found.next_close == datetime(2026, 6, 1, 23, tzinfo=UTC)


def test_a_window_that_denies_wins() -> None:
    found = status(OFFICE, FREEZE)

    assert found.is_closed
    assert 'denied by promotion window "freeze"' in found.reason
    assert found.next_open == datetime(2026, 6, 1, 13, tzinfo=UTC)


def test_a_freeze_that_outlasts_the_opening_hours_opens_with_the_next_ones() -> None:
    found = status(OFFICE, {**FREEZE, "dtend": "20260601T180000Z"})

    assert found.next_open == datetime(2026, 6, 2, 9, tzinfo=UTC)


def test_a_freeze_that_is_to_come_is_announced() -> None:
    found = status(FREEZE, at=NOON - timedelta(days=3))

    assert (found.is_closed, found.next_close) == (False, datetime(2026, 6, 1, 11, tzinfo=UTC))
    assert found.next_close_reason == 'denied by promotion window "freeze"'
    assert status_to(found) == {
        "closed": False,
        "nextClose": "2026-06-01T11:00:00Z",
        "nextCloseReason": 'denied by promotion window "freeze"',
    }


def test_what_is_over_for_ever_is_said_so() -> None:
    once = {**FREEZE, "kind": "Allow"}

    found = status(once, at=NOON + timedelta(days=1))

    assert found.is_closed
    assert found.reason.endswith("; no opening is known")
    assert found.next_open is None
    reason = why_closed(found)
    assert reason is not None
    assert reason.lifted_by.startswith("whoever may edit promotionWindows")


def test_a_closed_window_is_a_reason_that_says_who_lifts_it_and_when() -> None:
    reason = why_closed(status(FREEZE))

    assert reason is not None
    assert (reason.code, reason.bars) == (Code.WINDOW_CLOSED, Bars.PROMOTION)
    assert reason.lifts_at == datetime(2026, 6, 1, 13, tzinfo=UTC)


def test_a_tenants_window_is_named_as_one() -> None:
    assert '"freeze" of the tenant' in status(FREEZE, is_tenant_wide=True).reason


@pytest.mark.parametrize("kind", ["Allow", "Deny"])
def test_a_window_that_cannot_be_read_keeps_everything_out(kind: str) -> None:
    found = status({"name": "old", "kind": kind, "rrule": "FREQ=DAILY"})

    assert found.is_closed
    assert 'window "old" cannot be read' in found.reason


def test_windows_are_for_the_stages_and_projects_that_they_select() -> None:
    documents = [
        {**FREEZE, "name": "a", "stageSelector": {"name": "glob:prod-*"}},
        {**FREEZE, "name": "b", "stageSelector": {"matchLabels": {"tier": "prod"}}},
        {**FREEZE, "name": "c", "projectSelector": {"name": "other"}},
        {**FREEZE, "name": "d"},
    ]
    windows = windows_from({"promotionWindows": documents}, is_tenant_wide=True)

    found = windows_for(
        windows, stage="prod-eu", stage_labels={}, project="demo", project_labels={}
    )

    assert [it.name for it in found] == ["a", "d"]


HOSTILE = [
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
    "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1;BYSETPOS=-366",
    "FREQ=HOURLY;INTERVAL=9999;BYHOUR=1;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=YEARLY;INTERVAL=10000",
    "FREQ=DAILY;COUNT=10000;BYMONTH=2;BYMONTHDAY=29",
    "FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))),
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=" + ",".join(map(str, range(1, 200))),
]


@pytest.mark.parametrize("rule", HOSTILE)
def test_no_rule_takes_long(rule: str) -> None:
    window = {**OFFICE, "rrule": rule, "dtstart": "19700101T000000Z", "dtend": "19700101T000030Z"}
    started = time.process_time()

    status(window)

    assert time.process_time() - started < 5


@st.composite
def documents(draw: st.DrawFn) -> JSONObject:
    hour, length = draw(st.integers(0, 23)), draw(st.integers(1, 40))
    day = draw(st.integers(1, 28))
    zone = draw(
        st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin"])
    )
    rules = [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=WEEKLY;BYDAY=MO,SA",
        "FREQ=MONTHLY;BYDAY=-1SU,1SU",
        "FREQ=HOURLY;INTERVAL=7",
        "",
    ]
    end = datetime(2026, 3, day, hour) + timedelta(hours=length, minutes=30)  # noqa: DTZ001 # local
    return {
        "name": "w",
        "kind": draw(st.sampled_from(["Allow", "Deny"])),
        "dtstart": f"TZID={zone}:202603{day:02}T{hour:02}3000",
        "dtend": f"TZID={zone}:{end:%Y%m%dT%H%M%S}",
        "rrule": draw(st.sampled_from(rules)),
    }


def is_closed(windows: tuple[Window, ...], at: datetime) -> bool:
    """Return what the rule says, moment by moment."""
    active = [it for it in windows if it.span and it.span.latest_start(at)]
    allowing = [it for it in windows if it.kind == "Allow"]
    return any(it.kind == "Deny" for it in active) or bool(
        allowing and not any(it.kind == "Allow" for it in active)
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3), st.integers(0, 60 * 24 * 28))
def test_the_next_change_is_the_first_minute_at_which_it_is_otherwise(
    documents: list[JSONObject], start: int
) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC) + start * MINUTE
    found = status(*documents, at=now)
    read = windows_from({"promotionWindows": documents}, is_tenant_wide=False)
    horizon = now + timedelta(days=2)
    expected, moment = None, now - timedelta(minutes=now.minute % 15)
    assume(all(it.span for it in read))
    assert found.is_closed is is_closed(read, now)
    while expected is None and moment < horizon:
        moment += 15 * MINUTE  # everything begins and ends on a quarter of an hour
        if is_closed(read, moment) is not found.is_closed:
            expected = moment

    change = found.changes_at
    assert (change if change and change <= horizon else None) == (
        expected if expected and expected <= horizon else None
    )

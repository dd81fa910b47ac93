"""Sync windows concern the applications, and are active at the times, that Argo CD says."""

from datetime import UTC, datetime, timedelta

import pytest

from common.jsontypes import JSONObject
from promotions.engine.argocd.application import application_of
from promotions.engine.argocd.sync_windows import SyncWindowError, concerns, is_active

NIGHT = ("0 22 * * *", "8h")


def _is_active(schedule: str, duration: str, at: str, *, zone: str = "") -> bool:
    now = datetime.fromisoformat(at)
    return is_active(schedule=schedule, duration=duration, time_zone=zone, now=now)


@pytest.mark.parametrize(
    ("at", "active"),
    [
        ("2026-01-10T21:59:59Z", False),
        ("2026-01-10T22:00:00Z", True),
        ("2026-01-10T22:00:01Z", True),
        ("2026-01-11T05:59:59Z", True),
        ("2026-01-11T06:00:00Z", False),
    ],
)
def test_a_window_is_active_from_its_schedule_for_its_duration(at: str, *, active: bool) -> None:
    assert _is_active(*NIGHT, at) is active


def test_a_window_that_begins_anew_before_it_ends_stays_active() -> None:
    moments = (f"2026-01-10T{hour:02}:30:00Z" for hour in range(24))

    assert all(_is_active("0 * * * *", "1h30m", at) for at in moments)


@pytest.mark.parametrize(
    ("at", "active"),
    [
        # Clocks in Berlin go forward at 01:00Z on 29 March; 22:00 is 21:00Z before, 20:00Z after.
        ("2026-03-28T20:30:00Z", False),
        ("2026-03-28T21:30:00Z", True),
        # From then on the window is one that began at 20:00Z: it ends an hour earlier.
        ("2026-03-29T03:59:00Z", True),
        ("2026-03-29T04:00:00Z", False),
        ("2026-03-29T20:30:00Z", True),
        # They go back at 01:00Z on 25 October: it ends an hour later.
        ("2026-10-25T04:59:00Z", True),
        ("2026-10-25T05:00:00Z", False),
    ],
)
def test_a_window_follows_the_clocks_of_its_time_zone_as_they_are_now(
    at: str, *, active: bool
) -> None:
    assert _is_active(*NIGHT, at, zone="Europe/Berlin") is active


def test_a_window_opens_even_at_a_time_that_clocks_skip() -> None:
    skipped = ("30 2 * * *", "1h")

    assert _is_active(*skipped, "2026-03-29T01:10:00Z", zone="Europe/Berlin")
    assert not _is_active(*skipped, "2026-03-29T00:59:00Z", zone="Europe/Berlin")


def test_an_hour_that_clocks_repeat_is_in_a_window_twice() -> None:
    repeated = ("0 2 * * *", "1h")
    moments = ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")

    assert all(_is_active(*repeated, at, zone="Europe/Berlin") for at in moments)
    assert not _is_active(*repeated, "2026-10-25T02:30:00Z", zone="Europe/Berlin")


def test_an_unknown_time_zone_is_utc() -> None:
    assert _is_active(*NIGHT, "2026-01-10T23:00:00Z", zone="Mars/Base")


@pytest.mark.parametrize(
    ("duration", "active"),
    [("0", False), ("-1h", False), ("1.5h", True), ("45m", False), ("2562047h", True)],
)
def test_a_duration_is_one_of_go(duration: str, *, active: bool) -> None:
    assert _is_active("0 9 * * *", duration, "2026-01-10T10:00:00Z") is active


def test_a_schedule_that_never_comes_round_is_always_active() -> None:
    assert _is_active("0 0 30 2 *", "1m", "2026-01-10T10:00:00Z")


@pytest.mark.parametrize(
    ("schedule", "duration", "message"),
    [
        (
            "0 22 * *",
            "8h",
            "cannot parse schedule '0 22 * *': expected exactly 5 fields, found 4: [0 22 * *]",
        ),
        ("0 22 * * *", "8", "cannot parse duration '8': time: missing unit in duration \"8\""),
        ("0 22 * * *", "", "cannot parse duration '': time: invalid duration \"\""),
    ],
)
def test_a_window_that_cannot_be_understood_is_refused_in_argo_cds_words(
    schedule: str, duration: str, message: str
) -> None:
    with pytest.raises(SyncWindowError) as caught:
        _is_active(schedule, duration, "2026-01-10T10:00:00Z")
    assert caught.value.message == message


def test_the_worst_schedules_are_answered_in_bounded_work() -> None:
    now = datetime(9999, 12, 30, tzinfo=UTC)

    assert is_active(schedule="59 23 31 2 *", duration="1ns", time_zone="", now=now)
    assert is_active(
        schedule="* * * * *", duration="2562047h", time_zone="", now=now - timedelta(days=1)
    )


APP = application_of(
    {
        "metadata": {"name": "guestbook", "namespace": "argocd"},
        "spec": {"destination": {"server": "https://eu.example/k8s", "namespace": "prod"}},
    }
)


@pytest.mark.parametrize(
    ("window", "matches"),
    [
        ({}, False),
        ({"andOperator": True}, False),
        ({"applications": ["guest*"]}, True),
        ({"applications": ["other", "*"]}, True),
        ({"namespaces": ["pr?d"]}, True),
        ({"clusters": ["https://*"]}, True),
        ({"clusters": ["{eu,us}"]}, False),
        ({"applications": ["other"], "namespaces": ["prod"]}, True),
        ({"applications": ["other"], "namespaces": ["prod"], "andOperator": True}, False),
        ({"applications": ["*"], "namespaces": ["prod"], "andOperator": True}, True),
        ({"applications": ["*"], "clusters": ["in-cluster"], "andOperator": True}, False),
        ({"namespaces": [], "clusters": ["https://eu*"], "andOperator": True}, True),
    ],
)
def test_a_window_concerns_what_its_patterns_fit(window: JSONObject, *, matches: bool) -> None:
    assert concerns(window, APP) is matches


@pytest.mark.parametrize(
    ("window", "matches"),
    [({"namespaces": ["*"]}, True), ({"namespaces": [""]}, True), ({"clusters": ["*"]}, False)],
)
def test_an_application_may_name_no_namespace_but_a_cluster_without_a_name_is_none(
    window: JSONObject, *, matches: bool
) -> None:
    bare = application_of({"metadata": {"name": "a", "namespace": "argocd"}, "spec": {}})

    assert concerns(window, bare) is matches


def test_a_cluster_is_known_by_its_name_too() -> None:
    named = application_of(
        {
            "metadata": {"name": "a", "namespace": "argocd"},
            "spec": {"destination": {"name": "in-cluster"}},
        }
    )

    assert concerns({"clusters": ["in-*"]}, named)

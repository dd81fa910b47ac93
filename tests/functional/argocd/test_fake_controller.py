"""The fake's application controller: operations, retries, windows, auto-sync and refreshes."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.fakes.argocd import Outcome, application, argocd, project
from tests.fakes.argocd.controller import BLOCKED
from tests.fakes.argocd.site import Site
from tests.functional.argocd.fake_callers import RestCaller

COMMIT = "c" * 40


@pytest.fixture
def site() -> Iterator[Site]:
    spec = {"syncPolicy": {"retry": {"limit": 1}}}
    with argocd(apps=[application("guestbook", spec=spec)]) as site:
        site.controller.commits["https://git.example/cfg.git", "main"] = COMMIT
        yield site


@pytest.fixture
def rest(site: Site) -> Iterator[RestCaller]:
    with httpx.Client() as client:
        yield RestCaller(site, client, site.token)


def _state(site: Site) -> dict[str, Any]:
    found = site.app("guestbook")["status"].get("operationState")
    return dict(found or {})


def test_an_operation_runs_ends_and_is_reconciled(site: Site, rest: RestCaller) -> None:
    site.controller.refresh_seconds = 2
    rest.sync()

    assert "operationState" not in site.app("guestbook").get("status", {})
    site.clock.advance(1)
    assert (_state(site)["phase"], _state(site)["startedAt"]) == ("Running", "2026-01-10T10:00:01Z")
    site.clock.advance(5)
    app = site.app("guestbook")
    assert "operation" not in app
    assert _state(site)["syncResult"]["revision"] == COMMIT
    assert "reconciledAt" not in app["status"]
    site.clock.advance(2)
    status = site.app("guestbook")["status"]
    assert (status["sync"]["status"], status["health"]["status"]) == ("Synced", "Healthy")
    assert status["reconciledAt"] == "2026-01-10T10:00:08Z"


def test_between_two_attempts_finished_at_is_set_and_the_phase_is_running(
    site: Site, rest: RestCaller
) -> None:
    site.controller.outcomes["guestbook"] = [Outcome("Failed", "one task failed")]
    rest.sync()

    site.clock.advance(6)
    between = _state(site)
    site.clock.advance(5)
    again = _state(site)
    site.clock.advance(5)

    assert (between["phase"], between["retryCount"]) == ("Running", 1)
    assert "finishedAt" in between
    assert "Retrying attempt #1" in between["message"]
    assert "finishedAt" not in again
    assert _state(site)["phase"] == "Succeeded"


def test_when_the_retries_are_used_up_it_has_failed(site: Site, rest: RestCaller) -> None:
    site.controller.outcomes["guestbook"] = [Outcome("Failed", "boom")] * 2
    rest.sync()

    site.clock.advance(30)

    assert (_state(site)["phase"], _state(site)["message"]) == ("Failed", "boom")


def test_an_automated_operation_waits_for_its_window() -> None:
    window = {"kind": "deny", "schedule": "50 9 * * *", "duration": "11m", "applications": ["*"]}
    with argocd(apps=[application("guestbook")], projects=[project(syncWindows=[window])]) as site:
        site.set("guestbook", {"operation": {"initiatedBy": {"automated": True}, "sync": {}}})
        site.clock.advance(30)
        blocked = _state(site)
        site.clock.advance(40)

        assert (blocked["phase"], blocked["message"]) == ("Running", BLOCKED)
        assert _state(site)["phase"] == "Succeeded"


def test_auto_sync_begins_when_the_commit_moves_and_does_not_retry_what_failed(
    site: Site, rest: RestCaller
) -> None:
    rest.sync()
    site.clock.advance(10)
    site.set("guestbook", {"spec": {"syncPolicy": {"automated": {}, "retry": {"limit": 0}}}})
    site.controller.commits["https://git.example/cfg.git", "main"] = "d" * 40
    site.controller.outcomes["guestbook"] = [Outcome("Failed", "boom")] * 6

    rest.get("/applications/guestbook", project="default", refresh="normal")
    begun = site.app("guestbook")["operation"]
    site.clock.advance(600)
    failed = _state(site)
    rest.get("/applications/guestbook", project="default", refresh="hard")

    assert begun["initiatedBy"] == {"automated": True}
    assert failed["phase"] == "Failed"
    assert "operation" not in site.app("guestbook")


def test_a_normal_refresh_that_finds_nothing_new_is_not_written(
    site: Site, rest: RestCaller
) -> None:
    rest.sync()
    site.clock.advance(10)
    before = site.app("guestbook")["status"]["reconciledAt"]

    rest.get("/applications/guestbook", project="default", refresh="normal")
    normal = site.app("guestbook")["status"]["reconciledAt"]
    rest.get("/applications/guestbook", project="default", refresh="hard")

    assert normal == before
    assert site.app("guestbook")["status"]["reconciledAt"] > before


def test_a_stopped_controller_catches_up_when_it_is_started(site: Site, rest: RestCaller) -> None:
    site.controller.is_running = False
    rest.sync()
    site.clock.advance(60)
    idle = site.app("guestbook")
    site.controller.start()
    site.clock.advance(10)

    assert "operation" in idle
    assert _state(site)["phase"] == "Succeeded"


def test_the_servers_clock_may_be_ahead(site: Site, rest: RestCaller) -> None:
    site.clock.skew += site.clock.skew.resolution * 90_000_000
    rest.sync()

    site.clock.advance(10)

    assert _state(site)["finishedAt"] == "2026-01-10T10:01:36Z"

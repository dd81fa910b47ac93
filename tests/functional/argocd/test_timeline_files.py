"""Timelines: what their files may say, and that a replay catches who does wrong."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.argocd import bearer
from tests.fakes.argocd.recording import PROMOTION_INFO
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.timelines.findings import Look
from tests.fakes.argocd.timelines.loading import (
    PROMOTION,
    Timeline,
    TimelineError,
    load_all,
    parsed,
)
from tests.fakes.argocd.timelines.replay import replay

FOLDER = Path(__file__).parent / "timelines"
SOURCE = {"repoURL": "https://git.example/c.git", "path": "p", "targetRevision": "main"}
RAW: dict[str, Any] = {
    "id": "T00",
    "app": {"project": "default", "source": SOURCE, "authorizedStage": "shop:prod"},
    "start": {"status": {"reconciledAt": -60, "sync": {"status": "OutOfSync"}}},
    "onSync": [
        {
            "at": 2,
            "patch": {
                "operation": None,
                "status": {
                    "operationState": {"phase": "Running", "startedAt": 2, "operation": "$request"}
                },
            },
        },
        {
            "at": 8,
            "patch": {
                "status": {
                    "operationState": {
                        "phase": "Succeeded",
                        "finishedAt": 8,
                        "syncResult": {"revision": "bbb"},
                    }
                }
            },
        },
    ],
    "expect": {"step": [[0, "Running"], [8, "Succeeded"]], "operations": 1},
}


@dataclass
class Careless:
    """A driver that does as it is told."""

    site: Site
    client: httpx.Client
    act: Callable[["Careless", int], str]
    trust: str = "Unknown"
    turns: int = 0

    def step(self) -> Look:
        self.turns += 1
        return Look(self.act(self, self.turns))

    def health(self) -> Look:
        return Look(self.trust)

    def plane(self) -> str:
        return ""

    def sync(self) -> None:
        body = {"project": "default", "infos": [{"name": PROMOTION_INFO, "value": PROMOTION}]}
        url = f"{self.site.rest_url}/api/v1/applications/guestbook/sync"
        self.client.post(url, json=body, headers=bearer(self.site.token))


def _problems(
    act: Callable[[Careless, int], str], *, trust: str = "Unknown", **changes: Any
) -> str:
    timeline = parsed({**RAW, **changes}, name="T00.json")
    with httpx.Client() as client:

        def start(site: Site, _timeline: Timeline, _transport: str) -> Careless:
            return Careless(site, client, act, trust)

        return "; ".join(replay(timeline, start, transport="rest"))


def _once(driver: Careless, turn: int) -> str:
    if turn == 1:
        driver.sync()
    return "Running" if turn < 9 else "Succeeded"


def test_every_timeline_of_the_contract_is_there() -> None:
    ids = {timeline.id.partition("-")[0] for timeline in load_all(FOLDER)}

    assert ids == {f"T{number:02}" for number in range(1, 37)}


def test_a_key_that_nobody_knows_is_refused() -> None:
    with pytest.raises(TimelineError, match="frmaes"):
        parsed({"id": "T00", "frmaes": []}, name="T00.json")


def test_a_revision_that_is_not_said_is_the_last_that_is_synced() -> None:
    assert parsed(RAW, name="T00.json").desired() == ["bbb"]


def test_who_does_right_is_not_blamed() -> None:
    assert _problems(_once) == ""


def test_who_finishes_too_early_is_caught() -> None:
    def act(driver: Careless, turn: int) -> str:
        return _once(driver, turn) if turn < 5 else "Succeeded"

    found = _problems(act)

    assert "the step is Succeeded at 4 s, not Running" in found
    assert "the step succeeded while guestbook is Running" in found


def test_who_syncs_the_same_attempt_twice_is_caught() -> None:
    def act(driver: Careless, turn: int) -> str:
        if turn in {1, 10}:
            driver.sync()
        return "Running" if turn < 30 else "Succeeded"

    assert "2 operations of guestbook are attempt without a number" in _problems(act, runs=40)


def test_who_writes_to_an_unauthorized_application_is_caught() -> None:
    app = {**RAW["app"], "authorizedStage": "shop:test"}

    assert "operation of guestbook was written, which does not authorize shop:prod" in _problems(
        _once, app=app
    )


def test_who_trusts_what_is_stale_is_caught() -> None:
    expect = {"health": [[8, "Healthy"]]}

    assert "guestbook is stale, and still found healthy" in _problems(
        _once, trust="Healthy", expect=expect
    )


def test_who_asks_too_often_is_caught() -> None:
    def act(driver: Careless, turn: int) -> str:
        for _ in range(30 if turn == 1 else 0):
            driver.client.get(f"{driver.site.rest_url}/api/version")
        return _once(driver, turn)

    assert "faster than the token bucket" in _problems(act)


def test_who_logs_a_token_is_caught() -> None:
    def act(driver: Careless, turn: int) -> str:
        logging.getLogger("careless").debug("asking", extra={"header": driver.site.token})
        return _once(driver, turn)

    assert "a log line tells a token" in _problems(act)

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from common.egress import EgressPolicy
from promotions.gateways.json_api import JsonApi
from tests.fakes.scm_server import ApiServer, Reply, Request, serving_api

POLICY = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TOKEN = "glpat-verysecret"

Answering = Callable[..., tuple[JsonApi, ApiServer]]


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = NOON
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


class Script:
    """Answers with each reply in turn, and the last for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = replies
        self.count = 0

    def __call__(self, request: Request) -> Reply:
        reply = self.replies[min(self.count, len(self.replies) - 1)]
        self.count += 1
        return reply


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def answering(time: Time) -> Iterator[Answering]:
    """Start servers that answer as told, each with our side pointed at it."""
    with ExitStack() as stack:

        def start(*replies: Reply) -> tuple[JsonApi, ApiServer]:
            server = stack.enter_context(serving_api(Script(*replies)))
            headers = (("Authorization", f"Bearer {TOKEN}"),)
            return api(server.url, time, headers=headers), server

        yield start


def api(url: str, time: Time, *, headers: tuple[tuple[str, str], ...] = ()) -> JsonApi:
    return JsonApi(
        POLICY,
        url,
        headers=headers,
        sleep=time.sleep,
        clock=lambda: time.now,
        timeout=timedelta(seconds=5),
    )

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from promotions.gateways.git.hosts import HostBudget, HostLimits
from promotions.ports.git import HostPausedError

HOST = "git.example.com"
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Clock:
    """A time that only sleeping moves."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(tmp_path: Path, clock: Clock) -> HostBudget:
    limits = HostLimits(concurrency=2, patience=timedelta(0))
    return HostBudget(tmp_path / "hosts", limits, clock=clock, sleep=clock.sleep)


@pytest.fixture
def held() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_each_failure_in_a_row_doubles_the_pause_up_to_the_longest(
    budget: HostBudget, clock: Clock
) -> None:
    pauses = []
    for _ in range(10):
        began = clock()
        until = budget.failed(HOST, began=began)
        pauses.append((until - began).total_seconds())
        clock.time = until

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


def test_a_paused_host_says_until_when_and_no_other_host_waits(
    budget: HostBudget, clock: Clock
) -> None:
    until = budget.failed(HOST, began=clock(), plea=timedelta(minutes=2))

    with pytest.raises(HostPausedError, match="12:02:00 UTC") as caught, budget.turn(HOST):
        pass
    with budget.turn("other.example.com"):
        pass

    assert caught.value.until == until == START + timedelta(minutes=2)
    assert caught.value.retryable


def test_a_plea_is_honoured_up_to_an_hour(budget: HostBudget, clock: Clock) -> None:
    until = budget.failed(HOST, began=clock(), plea=timedelta(days=3))

    assert until == START + timedelta(hours=1)


def test_failures_of_talks_that_ran_together_count_once(budget: HostBudget, clock: Clock) -> None:
    clock.time += SECOND / 2
    first = budget.failed(HOST, began=START)
    clock.time += SECOND / 2
    second = budget.failed(HOST, began=START)
    clock.time = first
    third = budget.failed(HOST, began=clock())

    assert (second, third) == (first, first + 2 * SECOND)


def test_an_answer_ends_the_pauses_but_not_one_that_began_later(
    budget: HostBudget, clock: Clock
) -> None:
    until = budget.failed(HOST, began=clock(), plea=timedelta(minutes=1))

    budget.succeeded(HOST, began=START - SECOND)
    with pytest.raises(HostPausedError), budget.turn(HOST):
        pass
    clock.time = until
    budget.succeeded(HOST, began=clock())

    assert budget.failed(HOST, began=clock()) == clock() + SECOND


def test_no_more_than_so_many_ask_one_host_at_once(budget: HostBudget, held: ExitStack) -> None:
    for _ in range(2):
        held.enter_context(budget.turn(HOST))

    with pytest.raises(HostPausedError, match="as many others"), budget.turn(HOST):
        pass
    with budget.turn("other.example.com"):
        pass
    held.close()
    with budget.turn(HOST):
        pass


def test_after_a_failure_one_goes_first(budget: HostBudget, clock: Clock, held: ExitStack) -> None:
    clock.time = budget.failed(HOST, began=clock())
    held.enter_context(budget.turn(HOST))

    with pytest.raises(HostPausedError), budget.turn(HOST):
        pass


def test_a_short_pause_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    limits = HostLimits(patience=timedelta(seconds=5))
    budget = HostBudget(tmp_path / "hosts", limits, clock=clock, sleep=clock.sleep)
    until = budget.failed(HOST, began=clock())

    with budget.turn(HOST):
        pass

    assert until <= clock() < until + SECOND


def test_a_damaged_note_and_a_clock_set_back_pause_nobody_for_long(
    budget: HostBudget, clock: Clock
) -> None:
    budget.failed(HOST, began=clock(), plea=timedelta(hours=1))
    clock.time -= timedelta(days=30)
    with pytest.raises(HostPausedError) as caught, budget.turn(HOST):
        pass
    assert caught.value.until == clock() + timedelta(hours=1)

    (note,) = budget.folder.glob("*.json")
    note.write_text('{"failures": ')
    with budget.turn(HOST):
        pass

"""One Argo CD is asked so much and no more, and is left alone when it fails."""

import threading

import pytest

from promotions.gateways.argocd import limits
from promotions.gateways.argocd.limits import PlaneLimits
from promotions.ports.argocd import ArgoCDBusyError, ArgoCDUnavailableError
from promotions.ports.argocd_access import Pace


class Clock:
    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.at += seconds


def _made(clock: Clock, pace: Pace | None = None) -> PlaneLimits:
    return PlaneLimits(pace or Pace(), name="Argo CD", clock=clock, sleep=clock.sleep)


def _ask(made: PlaneLimits) -> None:
    with made.request():
        pass


def _is_let_through(made: PlaneLimits) -> bool:
    try:
        _ask(made)
    except ArgoCDUnavailableError:
        return False
    return True


def test_a_burst_is_free_and_then_the_pace_holds() -> None:
    clock = Clock()
    made = _made(clock, Pace(per_second=10, burst=20))

    for _ in range(22):
        _ask(made)

    assert clock.slept == [0.1, 0.1]


def test_a_pause_fills_the_bucket_no_further_than_the_burst() -> None:
    clock = Clock()
    made = _made(clock, Pace(per_second=10, burst=2))
    clock.at += 3600

    for _ in range(3):
        _ask(made)

    assert clock.slept == [0.1]


def test_a_clock_that_stands_still_lets_nobody_wait_for_ever() -> None:
    clock = Clock()
    made = PlaneLimits(Pace(), name="Argo CD", clock=clock, sleep=lambda _: None)

    for _ in range(40):
        _ask(made)
    with pytest.raises(ArgoCDBusyError, match="times a second"):
        _ask(made)


def test_slots_are_given_back_after_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.01)
    made = _made(Clock(), Pace(concurrency=1))

    for _ in range(3):
        with pytest.raises(KeyError), made.request():
            raise KeyError
    _ask(made)


def test_who_finds_all_slots_taken_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.01)
    made = _made(Clock(), Pace(concurrency=1))

    with made.request(), pytest.raises(ArgoCDBusyError, match="is slow"):
        _ask(made)


def test_a_slot_is_shared_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 5.0)
    made = _made(Clock(), Pace(concurrency=2, burst=100))
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(20):
            with made.request():
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) <= 2
    assert len(most) == 80


def test_failures_that_are_far_apart_do_not_open_the_circuit() -> None:
    clock = Clock()
    made = _made(clock)

    for _ in range(20):
        made.failed()
        clock.at += 16

    assert _is_let_through(made)


def test_a_success_between_failures_counts_for_all() -> None:
    clock = Clock()
    made = _made(clock)

    for _ in range(20):
        for _ in range(4):
            made.failed()
        made.succeeded()

    assert _is_let_through(made)


def test_an_open_circuit_says_what_failed() -> None:
    made = _made(Clock())
    for _ in range(5):
        made.failed("The request to argocd.example failed: Connection refused.")

    with pytest.raises(ArgoCDUnavailableError) as caught, made.request():
        pass

    assert "has failed repeatedly" in caught.value.message
    assert caught.value.message.endswith("argocd.example failed: Connection refused.")


def test_an_open_circuit_lets_one_request_find_out() -> None:
    clock = Clock()
    made = _made(clock)
    for _ in range(5):
        made.failed()
    assert not _is_let_through(made)

    clock.at += limits.FIRST_OPEN_SECONDS

    assert [_is_let_through(made) for _ in range(3)] == [True, False, False]


def test_each_failed_trial_doubles_the_wait_up_to_a_limit() -> None:
    clock = Clock()
    made = _made(clock)
    for _ in range(5):
        made.failed()

    waits = []
    for _ in range(6):
        began = clock.at
        while not _is_let_through(made):
            clock.at += 1
        waits.append(clock.at - began)
        made.failed()

    assert waits == [10, 20, 40, 60, 60, 60]


def test_failures_of_requests_that_were_under_way_do_not_lengthen_the_wait() -> None:
    clock = Clock()
    made = _made(clock)
    for _ in range(12):
        made.failed()

    clock.at += limits.FIRST_OPEN_SECONDS

    assert _is_let_through(made)


def test_a_wait_that_is_asked_for_has_an_end() -> None:
    clock = Clock()
    made = _made(clock)
    made.pause(1e9)

    with pytest.raises(ArgoCDBusyError):
        _ask(made)
    clock.at += limits.LONGEST_PAUSE_SECONDS
    _ask(made)


def test_hard_refreshes_are_forgotten_when_they_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_REFRESHES", 10)
    clock = Clock()
    made = _made(clock)
    for n in range(10):
        assert made.may_refresh(str(n))
        clock.at += 10

    assert made.may_refresh("new")
    assert not made.may_refresh("9")
    assert made.may_refresh("0")

"""Which targets of a promotion request are promoted to next, and how the request stands.

Targets go in waves. A wave begins when every target of those before it has ended, and the pause
is over; no more run at once than the policy allows; when more have failed than its budget, either
nothing more begins or the rest goes on. Source of the phases: Kargo ``PromotionRequest``; waves,
parallelism, budget and pause are this platform's own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from promotions.engine.phases import TERMINAL, PromotionPhase

WAVE_LABEL = "kargo.akuity.io/wave"
MAX_PARALLEL = 10
_FULL = 100


class RequestPhase(StrEnum):
    """How far a promotion request is."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERRORED = "Errored"

    @property
    def is_terminal(self) -> bool:
        """Whether it will never move again."""
        return self in ENDED


ENDED = frozenset({RequestPhase.SUCCEEDED, RequestPhase.FAILED, RequestPhase.ERRORED})
REQUEST_TRANSITIONS: Mapping[RequestPhase, frozenset[RequestPhase]] = {
    RequestPhase.PENDING: frozenset({RequestPhase.RUNNING, *ENDED}),
    RequestPhase.RUNNING: ENDED,
    RequestPhase.SUCCEEDED: frozenset(),
    RequestPhase.FAILED: frozenset(),
    RequestPhase.ERRORED: frozenset(),
}


class OnBudgetSpent(StrEnum):
    """What becomes of the targets that have not begun when too many have failed."""

    STOP = "Stop"
    CONTINUE = "Continue"


@dataclass(frozen=True, slots=True)
class FailureBudget:
    """How many targets may fail: a number of them, or percent of all."""

    amount: int = 0
    is_percent: bool = False

    def allowed(self, total: int) -> int:
        """Return how many of ``total`` targets may fail; parts of one are none."""
        return total * self.amount // _FULL if self.is_percent else self.amount

    def __str__(self) -> str:
        return f"{self.amount}%" if self.is_percent else str(self.amount)


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How a Stage's promotion requests go about their targets.

    Attributes:
        wave_label: The targets' label whose value names their wave.
        waves: Waves that come first, in this order; the others follow in theirs.
        max_parallel: How many targets are promoted to at once.
        pause: How long to wait after a wave has ended before the next one begins.
    """

    wave_label: str = WAVE_LABEL
    waves: tuple[str, ...] = ()
    max_parallel: int = MAX_PARALLEL
    budget: FailureBudget = field(default_factory=FailureBudget)
    on_spent: OnBudgetSpent = OnBudgetSpent.STOP
    pause: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class TargetState:
    """One target of a request.

    Attributes:
        wave: Empty for a target without the label.
        phase: Of its promotion; ``None`` before there is one.
    """

    name: str
    wave: str = ""
    phase: PromotionPhase | None = None
    finished_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.phase in TERMINAL

    @property
    def is_active(self) -> bool:
        """Whether its promotion waits or runs."""
        return self.phase is not None and not self.has_ended

    @property
    def has_failed(self) -> bool:
        """Whether it ended in any other way than success."""
        return self.has_ended and self.phase is not PromotionPhase.SUCCEEDED


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done about a request now.

    Attributes:
        start: Names of the targets to promote to, in this order.
        message: Why the rest waits, or how the request ended, in words.
        wait: When to look again if nothing happens; ``None`` if only an event changes anything.
    """

    phase: RequestPhase
    start: tuple[str, ...] = ()
    message: str = ""
    wait: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Wave:
    """The targets that go together; ``number`` counts from one."""

    number: int
    name: str
    targets: tuple[TargetState, ...]

    @property
    def has_ended(self) -> bool:
        """Whether all its targets have ended."""
        return all(target.has_ended for target in self.targets)

    @property
    def ended_at(self) -> datetime | None:
        """When the last of its targets ended."""
        return max((it.finished_at for it in self.targets if it.finished_at), default=None)


def decide_targets(
    targets: Sequence[TargetState],
    policy: RolloutPolicy,
    *,
    now: datetime,
    aborted_by: str = "",
    room: int | None = None,
) -> Decision:
    """Return which targets to promote to now, and how their request stands.

    Args:
        targets: All targets of the request.
        policy: How to go about them.
        now: The time.
        aborted_by: Who ended the request before its time; empty if nobody did.
        room: How many more promotions the tenant may run; ``None`` for any number.
    """
    failed = [target for target in targets if target.has_failed]
    active = sum(target.is_active for target in targets)
    allowed = policy.budget.allowed(len(targets))
    is_spent = len(failed) > allowed
    stops = bool(aborted_by) or (is_spent and policy.on_spent is OnBudgetSpent.STOP)
    if not active and (stops or all(target.has_ended for target in targets)):
        return _ended(targets, failed, allowed=allowed, aborted_by=aborted_by)
    if stops:
        why = f"aborted by {aborted_by}" if aborted_by else _spent_words(failed, targets, allowed)
        return Decision(RequestPhase.RUNNING, message=f"{why}; {_count(active)} still running")
    return _next(in_waves(targets, policy), policy, now=now, active=active, room=room)


def in_waves(targets: Iterable[TargetState], policy: RolloutPolicy) -> list[Wave]:
    """Return the targets by wave, in the order of the waves; in a wave, by name.

    First the waves that the policy names, then whole numbers by size, then other names in
    alphabetical order, and last the targets without the label.
    """
    by_wave: dict[str, list[TargetState]] = {}
    for target in targets:
        by_wave.setdefault(target.wave, []).append(target)
    ordered = sorted(by_wave, key=lambda name: _rank(name, policy))
    return [
        Wave(number, name, tuple(sorted(by_wave[name], key=lambda it: it.name)))
        for number, name in enumerate(ordered, start=1)
    ]


def _next(
    waves: Sequence[Wave],
    policy: RolloutPolicy,
    *,
    now: datetime,
    active: int,
    room: int | None,
) -> Decision:
    current = next(wave for wave in waves if not wave.has_ended)
    shown = f"wave {_wave_words(current)} of {len(waves)}"
    waiting = [target.name for target in current.targets if target.phase is None]
    rest = _rest_of_pause(waves[: current.number - 1], policy, now=now)
    if rest and waiting:
        message = f"{shown} begins in {_length(rest)}, after the pause between waves"
        return Decision(RequestPhase.RUNNING, message=message, wait=rest)
    free = max(policy.max_parallel - active, 0)
    start = tuple(waiting[: free if room is None else min(free, max(room, 0))])
    ended = sum(target.has_ended for target in current.targets)
    message = f"{shown}: {ended} of {_count(len(current.targets))} ended"
    if left := len(waiting) - len(start):
        message += f", {left} waiting for {_obstacle(len(start), free)}"
    return Decision(RequestPhase.RUNNING, start, message)


def _ended(
    targets: Sequence[TargetState],
    failed: Sequence[TargetState],
    *,
    allowed: int,
    aborted_by: str,
) -> Decision:
    if aborted_by:
        return Decision(RequestPhase.FAILED, message=f"aborted by {aborted_by}")
    if len(failed) <= allowed:
        noted = f", {len(failed)} failed within the budget of {allowed}" if failed else ""
        succeeded = len(targets) - len(failed)
        message = f"{succeeded} of {_count(len(targets))} succeeded{noted}"
        return Decision(RequestPhase.SUCCEEDED, message=message)
    has_errors = any(target.phase is PromotionPhase.ERRORED for target in failed)
    phase = RequestPhase.ERRORED if has_errors else RequestPhase.FAILED
    return Decision(phase, message=_spent_words(failed, targets, allowed))


def _spent_words(
    failed: Sequence[TargetState], targets: Sequence[TargetState], allowed: int
) -> str:
    words = f"{len(failed)} of {_count(len(targets))} failed, more than the budget of {allowed}"
    left = sum(target.phase is None for target in targets)
    return f"{words}; {left} not begun" if left else words


def _rest_of_pause(before: Sequence[Wave], policy: RolloutPolicy, *, now: datetime) -> timedelta:
    ended_at = max((wave.ended_at for wave in before if wave.ended_at), default=None)
    if ended_at is None:
        return timedelta(0)
    return max(ended_at + policy.pause - now, timedelta(0))


def _rank(name: str, policy: RolloutPolicy) -> tuple[int, int, str]:
    if name in policy.waves:
        return 0, policy.waves.index(name), ""
    if name.isascii() and name.isdecimal():
        return 1, int(name), name
    return (2, 0, name) if name else (3, 0, "")


def _wave_words(wave: Wave) -> str:
    return f'{wave.number} ("{wave.name}")' if wave.name else str(wave.number)


def _obstacle(starting: int, free: int) -> str:
    return "a place among those that run at once" if starting == free else "the tenant's quota"


def _count(number: int) -> str:
    return "1 target" if number == 1 else f"{number} targets"


def _length(rest: timedelta) -> str:
    seconds = -int(-rest.total_seconds() // 1)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"

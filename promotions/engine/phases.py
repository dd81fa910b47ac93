"""How a promotion and its steps stand, and which way they may move.

Source: Kargo ``api/v1alpha1`` PromotionPhase, PromotionStepStatus and ``pkg/promotion``
DetermineFinalPhase.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.jsontypes import JSONObject
from promotions.engine.runner import StepStatus


class PromotionPhase(StrEnum):
    """How a promotion stands, in Kargo's words; a new one has the empty phase."""

    NEW = ""
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERRORED = "Errored"
    ABORTED = "Aborted"

    @property
    def is_terminal(self) -> bool:
        """Whether a promotion in this phase never moves again."""
        return self in TERMINAL


TERMINAL = frozenset(
    {
        PromotionPhase.SUCCEEDED,
        PromotionPhase.FAILED,
        PromotionPhase.ERRORED,
        PromotionPhase.ABORTED,
    }
)

TRANSITIONS: Mapping[PromotionPhase, frozenset[PromotionPhase]] = {
    PromotionPhase.NEW: frozenset(
        {
            PromotionPhase.PENDING,
            PromotionPhase.RUNNING,
            PromotionPhase.ERRORED,
            PromotionPhase.ABORTED,
        }
    ),
    PromotionPhase.PENDING: frozenset(
        {PromotionPhase.RUNNING, PromotionPhase.ERRORED, PromotionPhase.ABORTED}
    ),
    PromotionPhase.RUNNING: TERMINAL,
    PromotionPhase.SUCCEEDED: frozenset(),
    PromotionPhase.FAILED: frozenset(),
    PromotionPhase.ERRORED: frozenset(),
    PromotionPhase.ABORTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class StepRecord:
    """What is remembered of one step of one promotion.

    Attributes:
        alias: The step's alias, ``<task>::<alias>`` inside a task.
        status: ``None`` until the step has been looked at.
        error_count: Consecutive attempts that failed.
        started_at: When it first ran; a step that was skipped or never got to run has none.
        output: What it last put out.
    """

    alias: str
    kind: str
    status: StepStatus | None = None
    message: str = ""
    error_count: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    continue_on_error: bool = False
    output: JSONObject | None = None


_SEVERITY: Mapping[StepStatus | None, int] = {
    StepStatus.SUCCEEDED: 0,
    StepStatus.SKIPPED: 1,
    None: 2,
    StepStatus.RUNNING: 2,
    StepStatus.ABORTED: 3,
    StepStatus.FAILED: 4,
    StepStatus.ERRORED: 5,
}

_FINAL: Mapping[StepStatus | None, PromotionPhase] = {
    StepStatus.SUCCEEDED: PromotionPhase.SUCCEEDED,
    StepStatus.SKIPPED: PromotionPhase.SUCCEEDED,
    StepStatus.ABORTED: PromotionPhase.ABORTED,
    StepStatus.FAILED: PromotionPhase.FAILED,
}

_QUEUE_RANK: Mapping[PromotionPhase, int] = {
    PromotionPhase.RUNNING: 0,
    PromotionPhase.PENDING: 1,
    PromotionPhase.NEW: 1,
}


def final_phase(steps: Iterable[StepRecord]) -> tuple[PromotionPhase, str]:
    """Return the phase that the steps leave a promotion in, and the message of the worst one.

    Steps flagged ``continue_on_error`` do not count. A step that is still running or was never
    looked at makes the promotion Errored.
    """
    worst: StepStatus | None = StepStatus.SUCCEEDED
    message = ""
    for step in steps:
        if not step.continue_on_error and _SEVERITY[step.status] > _SEVERITY[worst]:
            worst, message = step.status, step.message
    return _FINAL.get(worst, PromotionPhase.ERRORED), message


def has_failures(steps: Iterable[StepRecord]) -> bool:
    """Return whether a step failed whose failure counts."""
    return any(
        step.status in {StepStatus.FAILED, StepStatus.ERRORED} and not step.continue_on_error
        for step in steps
    )


def in_queue_order(promotions: Mapping[str, PromotionPhase]) -> list[str]:
    """Return the names of one Stage's promotions in the order the Stage considers them.

    Running ones, then waiting ones, oldest first; then finished ones, newest first. Names
    sort by age because they embed a ULID.

    Source: Kargo ``api`` ComparePromotionByPhaseAndCreationTime.
    """
    unfinished = [name for name, phase in promotions.items() if not phase.is_terminal]
    finished = [name for name, phase in promotions.items() if phase.is_terminal]
    unfinished.sort(key=lambda name: (_QUEUE_RANK[promotions[name]], name))
    return [*unfinished, *sorted(finished, reverse=True)]

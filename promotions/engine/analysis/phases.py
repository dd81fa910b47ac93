"""How runs, metrics and measurements of an analysis stand, and which standing is worse.

Source: Argo Rollouts ``AnalysisPhase`` and ``utils/analysis`` IsWorse, Worst.
"""

from enum import StrEnum


class AnalysisPhase(StrEnum):
    """A phase in Argo's words; ``UNSET`` is what has not been looked at yet."""

    UNSET = ""
    PENDING = "Pending"
    RUNNING = "Running"
    SUCCESSFUL = "Successful"
    FAILED = "Failed"
    ERROR = "Error"
    INCONCLUSIVE = "Inconclusive"

    @property
    def is_completed(self) -> bool:
        """Whether what is in this phase never moves again."""
        return self in COMPLETED


COMPLETED = frozenset(
    {
        AnalysisPhase.SUCCESSFUL,
        AnalysisPhase.FAILED,
        AnalysisPhase.ERROR,
        AnalysisPhase.INCONCLUSIVE,
    }
)

STOPPING = COMPLETED - {AnalysisPhase.SUCCESSFUL}
"""A metric that ends in one of these ends the whole run."""

ALARMING = frozenset({AnalysisPhase.FAILED, AnalysisPhase.ERROR})
"""Phases that are told as a warning."""

_BEST_TO_WORST = (
    AnalysisPhase.SUCCESSFUL,
    AnalysisPhase.RUNNING,
    AnalysisPhase.PENDING,
    AnalysisPhase.INCONCLUSIVE,
    AnalysisPhase.ERROR,
    AnalysisPhase.FAILED,
)
_SEVERITY = {phase: severity for severity, phase in enumerate(_BEST_TO_WORST)}


def is_worse(phase: AnalysisPhase, *, than: AnalysisPhase) -> bool:
    """Return whether ``phase`` is worse; what is not set is as good as successful."""
    return _SEVERITY.get(phase, 0) > _SEVERITY.get(than, 0)


def worst(left: AnalysisPhase, right: AnalysisPhase) -> AnalysisPhase:
    """Return the worse of two phases, ``left`` if they are alike."""
    return right if is_worse(right, than=left) else left

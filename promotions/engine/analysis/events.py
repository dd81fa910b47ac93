"""What happened to a run that people may want to be told.

Source: Argo Rollouts ``analysis`` recordAnalysisRunCompletionEvent, assessRunStatus.
"""

from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.analysis.phases import ALARMING, AnalysisPhase


class EventType(StrEnum):
    """Whether an event is good to know or a reason to look."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a run; ``reason`` is for programs, ``message`` for people."""

    type: EventType
    reason: str
    message: str


def metric_completed(name: str, phase: AnalysisPhase) -> Event:
    """Return the event of a metric that came to its end."""
    return Event(_type(phase), f"Metric{phase}", f"Metric '{name}' Completed. Result: {phase}")


def run_completed(phase: AnalysisPhase) -> Event:
    """Return the event of a run that came to its end."""
    return Event(_type(phase), f"AnalysisRun{phase}", f"Analysis Completed. Result: {phase}")


def _type(phase: AnalysisPhase) -> EventType:
    return EventType.WARNING if phase in ALARMING else EventType.NORMAL

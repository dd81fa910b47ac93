"""When a run that has ended may be deleted.

Source: Argo Rollouts ``analysis`` maybeGarbageCollectAnalysisRun, isRunTTLExceeded.
"""

from datetime import datetime, timedelta

from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.runs import RunStatus, TtlStrategy
from promotions.engine.analysis.timing import after


def expires_at(strategy: TtlStrategy | None, status: RunStatus) -> datetime | None:
    """Return the first moment at which the run may go, ``None`` if it never may.

    That is when more whole seconds have passed since its end than it may live. A run that never
    got to its metrics has no end, and stays.
    """
    seconds = None if strategy is None else _seconds(strategy, status.phase)
    if seconds is None or status.completed_at is None or not status.phase.is_completed:
        return None
    return after(status.completed_at, timedelta(seconds=seconds + 1))


def is_expired(
    strategy: TtlStrategy | None,
    status: RunStatus,
    *,
    now: datetime,
    deleted_at: datetime | None = None,
) -> bool:
    """Return whether the run is to be deleted now; not if it is being deleted already."""
    expiry = expires_at(strategy, status)
    return deleted_at is None and expiry is not None and now >= expiry


def _seconds(strategy: TtlStrategy, phase: AnalysisPhase) -> int | None:
    if phase is AnalysisPhase.SUCCESSFUL and strategy.seconds_after_success is not None:
        return strategy.seconds_after_success
    if phase is AnalysisPhase.FAILED and strategy.seconds_after_failure is not None:
        return strategy.seconds_after_failure
    return strategy.seconds_after_completion

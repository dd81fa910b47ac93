"""Does an Application need an operation of this promotion now, or is one to be waited for?

Source: Kargo's ``argocd-update`` step. Beyond Kargo, an operation that Argo CD has not taken up yet
counts too, lists of different lengths differ, and Argo CD is not asked for ever.
"""

from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.argocd.application import (
    Application,
    OperationPhase,
    OperationState,
    RequestedOperation,
)
from promotions.engine.argocd.desired_revisions import differing, is_any_desired
from promotions.engine.argocd.markers import PROMOTION, is_ours

MOST_ATTEMPTS = 5
"""How often a promotion asks for one Application whose operations end well, but elsewhere."""


class Act(StrEnum):
    """What to do about an Application."""

    UPDATE = "update"
    REPEAT = "repeat"
    WAIT = "wait"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about an Application, and why.

    Attributes:
        act: ``REPEAT`` is an update after an operation of ours that came to nothing.
        phase: Of the operation that is waited for, or that is done; empty for an update.
        reason: For a person; of one that is done, the operation's message.
    """

    act: Act
    phase: str = ""
    reason: str = ""


def decide(application: Application, *, promotion: str, desired: tuple[str, ...]) -> Decision:
    """Return what a promotion has to do about an Application.

    Args:
        application: As it was just read.
        promotion: The promotion's name.
        desired: The revision that is wanted of each source; empty texts are any.
    """
    if application.pending is not None:
        return _pending(application, application.pending, promotion)
    state = application.state
    if state is None:
        return Decision(Act.UPDATE, reason="nothing was synchronized yet")
    if not is_ours(state.request, promotion=promotion):
        return _foreign(state)
    if not state.is_completed:
        return Decision(Act.WAIT, state.phase, state.message or "the operation is under way")
    return _ours(state, desired)


def _pending(application: Application, operation: RequestedOperation, promotion: str) -> Decision:
    """Return that an operation is waited for which Argo CD still has to finish."""
    state = application.state
    is_under_way = state is not None and state.phase == OperationPhase.TERMINATING
    phase = OperationPhase.TERMINATING if is_under_way else OperationPhase.RUNNING
    if not is_ours(operation, promotion=promotion):
        return Decision(Act.WAIT, phase, _waited_for(operation))
    said = state.message if state is not None and not state.is_completed else ""
    return Decision(Act.WAIT, phase, said or "the operation is about to begin")


def _foreign(state: OperationState) -> Decision:
    if state.is_completed:
        return Decision(Act.UPDATE, reason="the last operation was not this promotion's")
    return Decision(Act.WAIT, state.phase, _waited_for(state.request))


def _ours(state: OperationState, desired: tuple[str, ...]) -> Decision:
    if state.revisions is None:
        said = f", but says: {state.message}" if state.message else ""
        return Decision(Act.REPEAT, reason=f"the operation has no result{said}")
    if not is_any_desired(desired):
        return Decision(Act.DONE, state.phase, state.message)
    if len(desired) != len(state.revisions):
        reason = f"{len(state.revisions)} sources were synchronized, not {len(desired)}"
        return Decision(Act.REPEAT, reason=reason)
    if wrong := differing(desired, state.revisions):
        reason = "; ".join(
            f'source {index + 1} was synchronized to "{state.revisions[index]}",'
            f' not to "{desired[index]}"'
            for index in wrong
        )
        return Decision(Act.REPEAT, reason=reason)
    return Decision(Act.DONE, state.phase, state.message)


def _waited_for(operation: RequestedOperation) -> str:
    other = operation.infos.get(PROMOTION)
    if other:
        return f'another promotion, "{other}", has an operation under way: waiting'
    who = f'"{operation.username}"' if operation.username else "Argo CD itself"
    return f"an operation was initiated by {who}: waiting"

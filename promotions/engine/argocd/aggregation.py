"""How does a step stand, given the operations of its Applications?"""

from collections.abc import Iterable

from common.errors import InvalidError
from promotions.engine.argocd.application import OperationPhase
from promotions.engine.runner import StepStatus

_ORDER = (
    OperationPhase.FAILED,
    OperationPhase.ERROR,
    OperationPhase.RUNNING,
    OperationPhase.TERMINATING,
    OperationPhase.SUCCEEDED,
)
_STATUSES = {
    OperationPhase.FAILED: StepStatus.ERRORED,
    OperationPhase.ERROR: StepStatus.ERRORED,
    OperationPhase.RUNNING: StepStatus.RUNNING,
    OperationPhase.TERMINATING: StepStatus.RUNNING,
    OperationPhase.SUCCEEDED: StepStatus.SUCCEEDED,
}


def aggregate(phases: Iterable[str]) -> StepStatus:
    """Return the status that the worst phase makes; a phase that is not known is the least.

    Raises:
        InvalidError: There is no phase, or none that is known.
    """
    seen = tuple(phases)
    worst = next((phase for phase in _ORDER if phase in seen), None)
    if worst is None:
        listed = " ".join(seen)
        raise InvalidError(
            f"could not determine promotion step status from operation phases: [{listed}]"
        )
    return _STATUSES[worst]

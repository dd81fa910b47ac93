"""How is an operation recognised as a promotion's own?

Argo CD keeps the ``info`` of an operation with its result; nobody else writes ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from promotions.engine.argocd.application import Application, RequestedOperation

PROMOTION = "kargo.akuity.io/promotion"
ATTEMPT = "promoter/attempt"
ACTOR = "promoter/actor"
REASON = "Promotion triggered a sync of this Application resource."


@dataclass(frozen=True, slots=True)
class Info:
    """One line of an operation's ``info``."""

    name: str
    value: str


def infos(*, promotion: str, attempt: int, actor: str = "") -> tuple[Info, ...]:
    """Return what to write on the operation of a promotion.

    Args:
        promotion: The promotion's name.
        attempt: Which try this is of the promotion with this Application; the first is 1.
        actor: Who asked for the promotion; empty unless a person did.
    """
    return (
        Info("Reason", REASON),
        Info(PROMOTION, promotion),
        *((Info(ACTOR, actor),) if actor else ()),
        Info(ATTEMPT, str(attempt)),
    )


def is_ours(operation: RequestedOperation | None, *, promotion: str) -> bool:
    """Return whether the promotion asked for an operation."""
    return operation is not None and operation.infos.get(PROMOTION) == promotion


def attempt_in(operation: RequestedOperation) -> int:
    """Return which try an operation is; 0 if it does not say."""
    text = operation.infos.get(ATTEMPT, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _LONGEST else 0


def has_accepted(application: Application, *, promotion: str, attempt: int) -> bool:
    """Return whether Argo CD has taken up this try of the promotion, or a later one."""
    return any(
        is_ours(operation, promotion=promotion) and attempt_in(operation) >= attempt
        for operation in _operations(application)
    )


def last_attempt(application: Application, *, promotion: str) -> int:
    """Return the last try of the promotion that shows on the Application; 0 if none does."""
    ours = [it for it in _operations(application) if is_ours(it, promotion=promotion)]
    return max(map(attempt_in, ours), default=0)


_LONGEST = 10


def _operations(application: Application) -> Sequence[RequestedOperation]:
    state = application.state
    candidates = (application.pending, state.request if state else None)
    return [operation for operation in candidates if operation is not None]

"""How long is one answer waited for, and when is the same asked again?"""

import random
from dataclasses import dataclass, field

from promotions.gateways.argocd.errors import TEMPORARY, TOO_MANY
from promotions.gateways.argocd.limits import PATIENCE_SECONDS
from promotions.ports.argocd_errors import ArgoCDError

WORTH_REPEATING = TEMPORARY | {TOO_MANY}
"""Statuses that may be others soon."""

_FIRST_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for one answer, and whether its absence counts as a failure."""

    seconds: float
    may_take_long: bool = field(default=False, kw_only=True)


def next_pause(error: ArgoCDError, attempt: int) -> float | None:
    """Return how long to wait before the same is asked again; ``None`` if that cannot help soon."""
    asked = error.retry_after.total_seconds() if error.retry_after else 0.0
    is_passing = error.status in WORTH_REPEATING or error.code == "upstream_unreachable"
    if not (error.retryable and is_passing) or asked > PATIENCE_SECONDS:
        return None
    base = _FIRST_PAUSE_SECONDS * float(2 ** (attempt - 1))
    return max(asked, base * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, keeps no secret

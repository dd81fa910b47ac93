"""Is an Application as ``argocd-wait`` was told to wait for it to be?

Source: Kargo's ``argocd-wait`` step and the order of its checks. Unlike Kargo's, an operation that
Argo CD retries is under way, though a time is shown at which an attempt of it ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from promotions.engine.argocd.application import Application
from promotions.engine.argocd.trust import doubt, is_trusted


class Goal(StrEnum):
    """What may be waited for."""

    HEALTH = "health"
    SYNC = "sync"
    OPERATION = "operation"
    SUSPENDED = "suspended"
    DEGRADED = "degraded"


DEFAULT_GOALS = (Goal.HEALTH, Goal.SYNC, Goal.OPERATION)

_HEALTH_OF = {Goal.HEALTH: "Healthy", Goal.SUSPENDED: "Suspended", Goal.DEGRADED: "Degraded"}
_NO_REGRESSION_FROM = frozenset({"", "Degraded", "Unknown"})


class Readiness(StrEnum):
    """How the waiting for an Application stands."""

    READY = "ready"
    WAITING = "waiting"
    HOPELESS = "hopeless"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at an Application came to.

    Attributes:
        health: Its health as far as it was looked at and can be believed; else empty.
        is_stale: Argo CD is to look again at once, and thoroughly.
    """

    readiness: Readiness
    message: str = ""
    health: str = ""
    is_stale: bool = False


def look(application: Application, *, goals: Iterable[Goal], before: str) -> Look:
    """Return whether an Application is as it is waited for.

    Args:
        application: As it was just read.
        goals: Of several about health, one is enough; all others must be reached.
        before: The health that the last look found; empty if there was none.
    """
    wanted = frozenset(goals)
    if application.problems:
        message = f"{application} has errors: {'; '.join(application.problems)}"
        return Look(Readiness.HOPELESS, message)
    if Goal.OPERATION in wanted and _is_operating(application):
        return Look(Readiness.WAITING, f"{application} has an operation under way")
    health = ""
    if accepted := [_HEALTH_OF[goal] for goal in Goal if goal in wanted and goal in _HEALTH_OF]:
        if not is_trusted(application):
            return Look(Readiness.WAITING, doubt(application), is_stale=True)
        health = application.health
        if Goal.HEALTH in wanted and health == "Degraded" and before not in _NO_REGRESSION_FROM:
            message = f"{application} health has regressed from {before} to Degraded"
            return Look(Readiness.HOPELESS, message, health)
    return _matched(application, wanted, accepted, health)


def _matched(
    application: Application, wanted: frozenset[Goal], accepted: list[str], health: str
) -> Look:
    if Goal.SYNC in wanted and application.sync != "Synced":
        shown = application.sync or "Unknown"
        return Look(Readiness.WAITING, f"{application} is {shown}, not Synced", health)
    if accepted and health not in accepted:
        shown = health or "not known"
        message = f"the health of {application} is {shown}, not {' or '.join(accepted)}"
        return Look(Readiness.WAITING, message, health)
    return Look(Readiness.READY, health=health)


def _is_operating(application: Application) -> bool:
    if application.pending is not None:
        return True
    state = application.state
    return state is not None and not (state.is_completed and state.finished_at is not None)

"""What state a thing is in, for a person: a tone, a word, and what is wrong in words.

The six tones mean the same on every page; a template renders them as colour, icon and word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from common.jsontypes import JSONValue, as_object, as_text
from promotions.engine.phases import PromotionPhase
from promotions.engine.runner import StepStatus
from promotions.models import Promotion, Stage, Warehouse


class Tone(StrEnum):
    """The six meanings that colours and icons have."""

    SUCCEEDED = "succeeded"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    STOPPED = "stopped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    """A tone, and the word that goes with it."""

    tone: Tone
    word: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong: one word for programs, and what happened."""

    reason: str
    message: str


_PHASES: Mapping[PromotionPhase, State] = {
    PromotionPhase.NEW: State(Tone.WAITING, "Waiting"),
    PromotionPhase.PENDING: State(Tone.WAITING, "Waiting"),
    PromotionPhase.RUNNING: State(Tone.RUNNING, "Running"),
    PromotionPhase.SUCCEEDED: State(Tone.SUCCEEDED, "Succeeded"),
    PromotionPhase.FAILED: State(Tone.FAILED, "Failed"),
    PromotionPhase.ERRORED: State(Tone.FAILED, "Errored"),
    PromotionPhase.ABORTED: State(Tone.STOPPED, "Aborted"),
}
_STEPS: Mapping[str, State] = {
    StepStatus.SUCCEEDED: State(Tone.SUCCEEDED, "Succeeded"),
    StepStatus.SKIPPED: State(Tone.STOPPED, "Skipped"),
    StepStatus.RUNNING: State(Tone.RUNNING, "Running"),
    StepStatus.ABORTED: State(Tone.STOPPED, "Aborted"),
    StepStatus.FAILED: State(Tone.FAILED, "Failed"),
    StepStatus.ERRORED: State(Tone.FAILED, "Errored"),
}
_HEALTH: Mapping[str, State] = {
    "True": State(Tone.SUCCEEDED, "Healthy"),
    "False": State(Tone.FAILED, "Unhealthy"),
    "Unknown": State(Tone.WAITING, "Waiting"),
}
_CONDITIONS: Mapping[str, Tone] = {
    "True": Tone.SUCCEEDED,
    "False": Tone.FAILED,
    "Unknown": Tone.WAITING,
}
_BAD_WHEN_TRUE = frozenset({"Reconciling", "Stalled"})
_HARMLESS = frozenset(
    {
        "ActivePromotion",
        "ActivePromotionRequest",
        "AlreadyExists",
        "AwaitingFreightCreation",
        "CriteriaNotSatisfied",
        "DiscoveryInProgress",
        "NoFreight",
        "Pending",
        "PendingVerification",
        "Syncing",
    }
)


def promotion_state(promotion: Promotion) -> State:
    """Return how a promotion stands."""
    return phase_state(PromotionPhase(promotion.phase))


def phase_state(phase: PromotionPhase) -> State:
    """Return how a promotion in that phase stands."""
    return _PHASES[phase]


def step_state(status: str) -> State:
    """Return how a promotion step stands; one that nobody looked at waits."""
    return _STEPS.get(status, State(Tone.WAITING, "Not run"))


def stage_state(stage: Stage) -> State:
    """Return how a Stage stands: at work, in trouble, or as healthy as its last check found."""
    if stage.current_promotion is not None and not stage.current_promotion.is_terminal:
        return State(Tone.RUNNING, "Promoting")
    if stage.current_request_id is not None:
        return State(Tone.RUNNING, "Promoting")
    if _retries(stage.conditions):
        return State(Tone.FAILED, "Error")
    healthy = condition_status(stage.conditions, "Healthy")
    if stage.is_control_flow or not healthy:
        return _readiness(stage.conditions)
    return _HEALTH.get(healthy, State(Tone.UNKNOWN, healthy))


def warehouse_state(warehouse: Warehouse) -> State:
    """Return how a Warehouse stands: failing, looking, or fine as of its last look."""
    healthy = condition_status(warehouse.conditions, "Healthy")
    if healthy == "False" or _retries(warehouse.conditions):
        return State(Tone.FAILED, "Failing")
    if condition_status(warehouse.conditions, "Reconciling") == "True":
        return State(Tone.RUNNING, "Looking")
    if healthy == "True" or condition_status(warehouse.conditions, "Ready") == "True":
        return State(Tone.SUCCEEDED, "Healthy")
    return State(Tone.WAITING, "Not looked yet")


def condition_tone(condition: Mapping[str, JSONValue]) -> Tone:
    """Return what a condition's status means: for some types ``True`` is not good news."""
    status = as_text(condition.get("status"))
    if as_text(condition.get("type")) not in _BAD_WHEN_TRUE:
        return _CONDITIONS.get(status, Tone.UNKNOWN)
    if status != "True":
        return Tone.SUCCEEDED
    return Tone.FAILED if _is_problem(condition) else Tone.RUNNING


def condition_status(conditions: Iterable[JSONValue], condition_type: str) -> str:
    """Return the status of one type of condition; empty if there is none."""
    for item in conditions:
        condition = as_object(item)
        if condition.get("type") == condition_type:
            return as_text(condition.get("status"))
    return ""


def problems_in(conditions: Iterable[JSONValue]) -> list[Problem]:
    """Return what conditions say is wrong, each message once."""
    found: dict[str, Problem] = {}
    for item in conditions:
        condition = as_object(item)
        if _is_problem(condition):
            reason = as_text(condition.get("reason"))
            message = as_text(condition.get("message")) or reason
            found.setdefault(message, Problem(reason=reason, message=message))
    return list(found.values())


def problems_of(stage: Stage) -> list[Problem]:
    """Return what is wrong with a Stage; a failed promotion in the promotion's own words."""
    last = stage.last_promotion
    if last is None or promotion_state(last).tone is not Tone.FAILED:
        return problems_in(stage.conditions)
    own = Problem(reason=f"LastPromotion{last.phase}", message=last.message or last.phase)
    return [own, *(it for it in problems_in(stage.conditions) if it.reason != own.reason)]


def _is_problem(condition: Mapping[str, JSONValue]) -> bool:
    status, reason = as_text(condition.get("status")), as_text(condition.get("reason"))
    if as_text(condition.get("type")) in _BAD_WHEN_TRUE:
        return status == "True" and (reason.startswith("Retry") or condition["type"] == "Stalled")
    return status == "False" and reason not in _HARMLESS


def _retries(conditions: Iterable[JSONValue]) -> bool:
    return any(
        _is_problem(condition)
        for condition in map(as_object, conditions)
        if condition.get("type") in _BAD_WHEN_TRUE
    )


def _readiness(conditions: Iterable[JSONValue]) -> State:
    match condition_status(conditions, "Ready"):
        case "True":
            return State(Tone.SUCCEEDED, "Ready")
        case "False":
            return State(Tone.WAITING, "Not ready")
        case _:
            return State(Tone.UNKNOWN, "New")

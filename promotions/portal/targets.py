"""A target-aware Stage's part of its page: its request, target by target, and what waits."""

from dataclasses import dataclass

from common.templatetags import duration
from promotions.engine.phases import PromotionPhase
from promotions.engine.targets import RequestPhase, RolloutPolicy, in_waves
from promotions.manifests.rollout import policy_from, rollout_of
from promotions.models import PromotionRequest, RequestTarget, Stage
from promotions.portal.frame import ProjectPage
from promotions.portal.states import State, Tone, phase_state
from promotions.portal.why import WhyRow, why_rows
from promotions.selectors.promotion_requests import (
    newest_request_of,
    rows_of,
    states_of,
    waiting_requests,
)
from promotions.selectors.targets import is_target_aware
from promotions.selectors.waiting import waiting_for

_SHOWN = 500
_REQUESTS = {
    RequestPhase.PENDING: State(Tone.WAITING, "Waiting"),
    RequestPhase.RUNNING: State(Tone.RUNNING, "Running"),
    RequestPhase.SUCCEEDED: State(Tone.SUCCEEDED, "Succeeded"),
    RequestPhase.FAILED: State(Tone.FAILED, "Failed"),
    RequestPhase.ERRORED: State(Tone.FAILED, "Errored"),
}
_NOT_BEGUN = State(Tone.WAITING, "Not begun")


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target: its wave, how it stands, and why it could not be promoted to."""

    row: RequestTarget
    wave: int
    state: State

    @property
    def wave_name(self) -> str:
        """The label's value, where it says more than the number."""
        return "" if self.row.wave == str(self.wave) else self.row.wave


@dataclass(frozen=True, slots=True)
class TargetsView:
    """The request under way, else the newest one; ``request`` is ``None`` before the first.

    Attributes:
        more: How many targets are not shown.
        waiting: How many requests wait.
    """

    policy: str
    request: PromotionRequest | None = None
    state: State | None = None
    rows: tuple[TargetRow, ...] = ()
    more: int = 0
    waiting: int = 0
    waits: tuple[WhyRow, ...] = ()
    may_abort: bool = False
    may_retry: bool = False


def targets_view(page: ProjectPage, stage: Stage) -> TargetsView | None:
    """Return what to show of a Stage's targets; ``None`` if it has none, or for others' eyes."""
    if not is_target_aware(stage) or not page.may("get", "promotionrequests"):
        return None
    request = newest_request_of(stage)
    if request is None:
        return TargetsView(policy=_words(policy_from(rollout_of(stage.annotations))))
    rows = rows_of(request)
    policy = policy_from(request.policy)
    by_name = {row.name: row for row in rows}
    shown = [
        TargetRow(row, wave.number, phase_state(row.phase) if row.phase else _NOT_BEGUN)
        for wave in in_waves(states_of(rows), policy)
        for row in (by_name[target.name] for target in wave.targets)
    ]
    has_failed = any(row.phase is not PromotionPhase.SUCCEEDED for row in rows)
    may_promote = page.may("promote", "stages") and page.may("create", "promotionrequests")
    return TargetsView(
        policy=_words(policy),
        request=request,
        state=_REQUESTS[RequestPhase(request.phase)],
        rows=tuple(shown[:_SHOWN]),
        more=max(len(shown) - _SHOWN, 0),
        waiting=waiting_requests(stage, besides=request),
        waits=tuple(why_rows(waiting_for(request, now=page.now))),
        may_abort=not request.is_terminal and page.may("patch", "promotionrequests"),
        may_retry=request.is_terminal and has_failed and may_promote,
    )


def _words(policy: RolloutPolicy) -> str:
    pause = f", {duration(policy.pause)} between waves" if policy.pause else ""
    return (
        f"at most {policy.max_parallel} at once, {policy.budget} may fail, "
        f"then {policy.on_spent.value.lower()}{pause}"
    )

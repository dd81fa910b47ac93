"""Whether a Stage promotes by itself, which Freight it would take, and why it does not now.

Source: Kargo ``pkg/api`` (policies, candidates) and the Stage controller's autoPromote.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.availability import FreightStanding, RequestedFreight, SelectionPolicy
from promotions.engine.phases import PromotionPhase
from promotions.engine.selection.stages import StageSelector, parse_stage_selector


@dataclass(frozen=True, slots=True)
class PromotionPolicy:
    """Whether the Stages that it is about promote by themselves.

    Attributes:
        stage: One Stage by its exact name (deprecated in Kargo); empty is any.
    """

    is_enabled: bool
    stage: str = ""
    selector: StageSelector = field(default_factory=StageSelector)

    def matches(self, stage: str, labels: Mapping[str, str]) -> bool:
        """Return whether the policy is about a Stage.

        Raises:
            InvalidError: The selector's name pattern is malformed.
        """
        return self.stage in {"", stage} and self.selector.matches(stage, labels)


class Skip(StrEnum):
    """Why nothing is promoted automatically for one origin."""

    DISABLED = "disabled"
    HELD = "held"
    NO_CANDIDATE = "no-candidate"
    ALREADY_CURRENT = "already-current"
    IN_PROGRESS = "in-progress"
    REQUEST_EXISTS = "request-exists"
    PROMOTION_EXISTS = "promotion-exists"
    LAST_ATTEMPT_FAILED = "last-attempt-failed"


@dataclass(frozen=True, slots=True)
class PromotionSummary:
    """One promotion of a Stage, as far as auto-promotion cares."""

    name: str
    freight: str
    phase: PromotionPhase


@dataclass(frozen=True, slots=True)
class StageFacts:
    """What decides about auto-promotion to one Stage.

    Attributes:
        held: Origins with an effective hold.
        current: Names of the Freight that the Stage holds.
        promoting: Freight of the promotion under way; empty if there is none.
        last_promotion: Name of the last promotion that the Stage has taken note of.
        promotions: All the Stage's promotions.
        requested: For a target-aware Stage, Freight that a PromotionRequest exists for.
    """

    is_enabled: bool
    held: frozenset[str] = frozenset()
    current: frozenset[str] = frozenset()
    promoting: str = ""
    last_promotion: str = ""
    promotions: tuple[PromotionSummary, ...] = ()
    requested: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """What auto-promotion does for one origin.

    Attributes:
        freight: The candidate; empty if there is none.
        skip: Why it is not promoted; ``None`` if it is.
    """

    origin: str
    freight: str = ""
    skip: Skip | None = None


def parse_policy(policy: JSONObject) -> PromotionPolicy:
    """Return the policy that an entry of ``promotionPolicies`` describes.

    Raises:
        InvalidError: The label selector is malformed.
    """
    return PromotionPolicy(
        is_enabled=policy.get("autoPromotionEnabled") is True,
        stage=as_text(policy.get("stage")),
        selector=parse_stage_selector(as_object(policy.get("stageSelector"))),
    )


def matching_policy(
    policies: Sequence[PromotionPolicy], *, stage: str, labels: Mapping[str, str]
) -> int | None:
    """Return the index of the first policy about a Stage, which decides; ``None`` if none is.

    Raises:
        InvalidError: A name pattern before it is malformed.
    """
    return next(
        (index for index, policy in enumerate(policies) if policy.matches(stage, labels)), None
    )


def is_auto_promotion_enabled(
    policies: Sequence[PromotionPolicy], *, stage: str, labels: Mapping[str, str]
) -> bool:
    """Return whether a Stage promotes by itself; no policy says no.

    Raises:
        InvalidError: A name pattern is malformed.
    """
    index = matching_policy(policies, stage=stage, labels=labels)
    return index is not None and policies[index].is_enabled


def candidates(
    requests: Iterable[RequestedFreight], available: Iterable[FreightStanding]
) -> dict[str, str]:
    """Return, by origin, the name of the Freight that auto-promotion would take.

    The one discovered last; of several at the same time, the one whose name sorts last. An
    origin that follows an upstream Stage has none while that Stage holds several.
    """
    found: dict[str, str] = {}
    pool = tuple(available)
    for request in requests:
        mine = [freight for freight in pool if freight.origin == request.origin]
        follows = request.selection_policy is SelectionPolicy.MATCH_UPSTREAM
        if mine and not (follows and len(mine) > 1):
            newest = max(mine, key=lambda freight: (freight.discovered_at, freight.name))
            found[str(request.origin)] = newest.name
    return found


def decide_auto_promotion(
    requests: Iterable[RequestedFreight], *, candidates: Mapping[str, str], facts: StageFacts
) -> tuple[Decision, ...]:
    """Return what to promote now, and for every other requested origin why not, in their order."""
    origins = dict.fromkeys(str(request.origin) for request in requests)
    return tuple(_decision(origin, candidates.get(origin, ""), facts) for origin in origins)


def skips(origin: str, freight: str, facts: StageFacts) -> tuple[Skip, ...]:
    """Return everything that keeps a candidate from being promoted automatically.

    Args:
        origin: ``Warehouse/<name>``.
        freight: The candidate; empty if there is none.
        facts: What decides about auto-promotion to the Stage.
    """
    checks = (
        (Skip.DISABLED, not facts.is_enabled),
        (Skip.HELD, origin in facts.held),
        (Skip.NO_CANDIDATE, not freight),
        (Skip.ALREADY_CURRENT, freight in facts.current),
        (Skip.IN_PROGRESS, freight == facts.promoting),
        (Skip.REQUEST_EXISTS, freight in facts.requested),
        (Skip.PROMOTION_EXISTS, _is_unprocessed(freight, facts)),
        (Skip.LAST_ATTEMPT_FAILED, _has_failed(freight, facts)),
    )
    return tuple(it for it, applies in checks if applies)


def _decision(origin: str, freight: str, facts: StageFacts) -> Decision:
    return Decision(origin, freight, next(iter(skips(origin, freight, facts)), None))


def _is_unprocessed(freight: str, facts: StageFacts) -> bool:
    return any(
        not promotion.phase.is_terminal
        or (promotion.phase is PromotionPhase.SUCCEEDED and promotion.name > facts.last_promotion)
        for promotion in facts.promotions
        if promotion.freight == freight
    )


def _has_failed(freight: str, facts: StageFacts) -> bool:
    ended = [it for it in facts.promotions if it.freight == freight and it.phase.is_terminal]
    newest = max(ended, key=lambda promotion: promotion.name, default=None)
    return newest is not None and newest.phase is not PromotionPhase.SUCCEEDED

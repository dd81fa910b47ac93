"""What many Stages hold, how it was verified and what is on its way, in few queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import F, Max, Q

from promotions.engine.health import HealthState
from promotions.engine.holds import Hold, PromotionIntent, effective_holds
from promotions.engine.obstacles import UpstreamFacts
from promotions.engine.phases import TERMINAL, PromotionPhase
from promotions.engine.verification import Gate, VerificationPhase, promotion_gate
from promotions.models import (
    AutoPromotionHold,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    PromotionRequest,
    Stage,
    Verification,
)
from promotions.selectors.availability import HOLD, RESUME
from promotions.selectors.promotion_requests import request_intent
from promotions.selectors.stages import intent_of

_TERMINAL_VALUES = [phase.value for phase in TERMINAL]


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What one Stage holds and what is to come.

    Attributes:
        held: Origin -> name of the Freight that is there.
        verification: The newest verification of that.
        queue: Promotions, and requests for targets, that run or wait, in the order in which they
            start: name and Freight.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    verification: VerificationPhase | None = None
    queue: tuple[tuple[str, str], ...] = ()

    def gate(self, stage: Stage) -> Gate:
        """Return whether the Stage may let its next promotion in."""
        return promotion_gate(
            has_freight=bool(self.held), health=health_of(stage), latest=self.verification
        )

    def upstream_facts(self, stage: Stage) -> UpstreamFacts:
        """Return what this says to the Stages downstream."""
        return UpstreamFacts(
            is_control_flow=stage.is_control_flow,
            holds=frozenset(self.held.values()),
            promoting={freight: name for name, freight in reversed(self.queue)},
            verification=self.verification,
            health=health_of(stage),
        )


def health_of(stage: Stage) -> HealthState | None:
    """Return a Stage's health, or ``None`` until it has been assessed."""
    return HealthState(stage.health["status"]) if stage.health else None


def occupancies(stages: Iterable[Stage]) -> dict[int, Occupancy]:
    """Return what Stages hold, by primary key; five queries however many they are."""
    pks = [stage.pk for stage in stages]
    newest = dict(
        FreightCollection.objects.filter(stage__in=pks)
        .order_by()
        .values_list("stage")
        .annotate(newest=Max("pk"))
    )
    held = _items_of(newest.values())
    verified = _verifications_of(newest.values())
    queues = _queues_of(pks)
    return {
        pk: Occupancy(
            held=held.get(newest.get(pk, 0), {}),
            verification=verified.get(newest.get(pk, 0)),
            queue=tuple(queues.get(pk, ())),
        )
        for pk in pks
    }


def holds_in_effect(
    stages: Iterable[Stage], *, origins: Mapping[int, frozenset[str]]
) -> dict[int, dict[str, Hold]]:
    """Return the holds that auto-promotion heeds now, by Stage and origin; three queries.

    Args:
        stages: Those that promote by themselves.
        origins: What each of them requests, by primary key.
    """
    pks = [stage.pk for stage in stages]
    durable: dict[int, dict[str, Hold]] = {pk: {} for pk in pks}
    for row in AutoPromotionHold.objects.filter(stage__in=pks):
        hold = Hold(row.freight_name, row.origin, row.promotion_name, row.actor, row.created_at)
        durable[row.stage_id][row.origin] = hold
    intents = _unnoted_intents(pks)
    return {
        pk: effective_holds(
            durable[pk],
            intents.get(pk, ()),
            last_promotion="",  # the query has left out what the Stage has taken note of
            origins=origins[pk],
            is_enabled=True,
        )
        for pk in pks
    }


def _unnoted_intents(stages: list[int]) -> dict[int, list[PromotionIntent]]:
    """Return what promotions and requests say that their Stages have not taken note of yet."""
    speaking = Q(annotations__has_key=HOLD) | Q(annotations__has_key=RESUME)
    promotions = Promotion.objects.filter(
        speaking, _after("last_promotion"), stage__in=stages, request__isnull=True
    )
    requests = PromotionRequest.objects.filter(speaking, _after("last_request"), stage__in=stages)
    found: dict[int, list[PromotionIntent]] = {}
    for promotion in promotions.select_related("freight__warehouse"):
        found.setdefault(promotion.stage_id, []).append(intent_of(promotion))
    for request in requests.select_related("freight__warehouse"):
        found.setdefault(request.stage_id, []).append(request_intent(request))
    return found


def _after(column: str) -> Q:
    """Select what is newer than what the Stage notes in ``column``."""
    noted = f"stage__{column}"
    return Q(**{f"{noted}__isnull": True}) | Q(name__gt=F(f"{noted}__name"))


def _items_of(collections: Iterable[int]) -> dict[int, dict[str, str]]:
    rows = FreightCollectionItem.objects.filter(collection__in=list(collections))
    found: dict[int, dict[str, str]] = {}
    for pk, origin, name in rows.values_list("collection_id", "origin", "freight__name"):
        found.setdefault(pk, {})[origin] = name
    return found


def _verifications_of(collections: Iterable[int]) -> dict[int, VerificationPhase]:
    rows = Verification.objects.filter(collection__in=list(collections))
    pairs = rows.order_by("started_at", "pk").values_list("collection_id", "phase")
    return {pk: VerificationPhase(phase) for pk, phase in pairs}


def _queues_of(stages: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    rows = Promotion.objects.filter(stage__in=list(stages), request__isnull=True)
    rows = rows.exclude(phase__in=_TERMINAL_VALUES)
    requests = PromotionRequest.objects.filter(stage__in=list(stages), finished_at__isnull=True)
    columns = ("stage_id", "name", "freight__name", "phase")
    found: dict[int, list[tuple[bool, str, str]]] = {}
    for pk, name, freight, phase in [*rows.values_list(*columns), *requests.values_list(*columns)]:
        found.setdefault(pk, []).append((phase != PromotionPhase.RUNNING, name, freight))
    return {
        pk: [(name, freight) for _, name, freight in sorted(queue)] for pk, queue in found.items()
    }

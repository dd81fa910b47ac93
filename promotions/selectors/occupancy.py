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
from promotions.selectors.promotion_requests import newer_request_intents
from promotions.selectors.stages import intent_of
from promotions.selectors.targets import is_target_aware

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
    """Return the holds that auto-promotion heeds now, by Stage and origin; two queries.

    Args:
        stages: Those that promote by themselves.
        origins: What each of them requests, by primary key.
    """
    rows = {stage.pk: stage for stage in stages}
    durable: dict[int, dict[str, Hold]] = {pk: {} for pk in rows}
    for row in AutoPromotionHold.objects.filter(stage__in=rows):
        hold = Hold(row.freight_name, row.origin, row.promotion_name, row.actor, row.created_at)
        durable[row.stage_id][row.origin] = hold
    speaking = Q(annotations__has_key=HOLD) | Q(annotations__has_key=RESUME)
    unnoted = Q(stage__last_promotion__isnull=True) | Q(name__gt=F("stage__last_promotion__name"))
    promotions = Promotion.objects.filter(speaking, unnoted, stage__in=rows, request__isnull=True)
    intents: dict[int, list[Promotion]] = {pk: [] for pk in rows}
    for promotion in promotions.select_related("freight__warehouse"):
        intents[promotion.stage_id].append(promotion)
    return {
        pk: effective_holds(
            durable[pk],
            [*map(intent_of, intents[pk]), *_intents_of_requests(rows[pk])],
            last_promotion="",  # the query has left out what the Stage has taken note of
            origins=origins[pk],
            is_enabled=True,
        )
        for pk in rows
    }


def _intents_of_requests(stage: Stage) -> list[PromotionIntent]:
    return newer_request_intents(stage) if is_target_aware(stage) else []


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

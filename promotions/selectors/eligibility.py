"""Why Freight cannot be promoted to a Stage now: every reason, asked here by every door.

Reasons come from sources. A source answers for many at once, in a number of queries that does
not depend on how many. What bars a Stage from promoting anything is a :data:`StageSource`; what
bars one piece of Freight from one Stage, a :data:`PairSource`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from promotions.engine import eligibility as words
from promotions.engine.autopromotion import (
    PromotionSummary,
    StageFacts,
    is_auto_promotion_enabled,
)
from promotions.engine.availability import (
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
)
from promotions.engine.eligibility import Code, Reason, in_words, ordered, reason
from promotions.engine.freight import FreightOrigin
from promotions.engine.holds import Hold
from promotions.engine.obstacles import (
    Automation,
    UpstreamFacts,
    automation_reasons,
    availability_reasons,
    gate_reasons,
)
from promotions.engine.phases import PromotionPhase
from promotions.models import Freight, Promotion, Stage
from promotions.selectors import availability
from promotions.selectors.approvals import approval_reasons
from promotions.selectors.occupancy import Occupancy, holds_in_effect, occupancies
from promotions.selectors.promotion_requests import requested_freight
from promotions.selectors.reachability import plane_reasons
from promotions.selectors.standstill import standstill_reasons
from promotions.selectors.targets import is_target_aware
from promotions.selectors.task_reasons import task_reasons
from promotions.selectors.windows import window_reasons

Pair = tuple[Stage, Freight]
Key = tuple[int, int]
"""Primary keys of a Stage and of a piece of Freight."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The pairs that are asked about, all of one project, and what is known of them.

    Attributes:
        requests: What each Stage asks for, by its primary key.
        occupancy: What each Stage holds, by its primary key; those upstream of them, too.
        upstream: How the Stages upstream stand, by name.
        standings: How each piece of Freight stands in all of them, by its primary key.
    """

    pairs: tuple[Pair, ...]
    stages: Mapping[int, Stage]
    requests: Mapping[int, tuple[RequestedFreight, ...]]
    occupancy: Mapping[int, Occupancy]
    upstream: Mapping[str, UpstreamFacts]
    standings: Mapping[int, FreightStanding]


StageSource = Callable[[Sequence[Stage], datetime], Mapping[int, Iterable[Reason]]]
"""Given Stages and the time, returns why they promote nothing, by primary key of the Stage."""
PairSource = Callable[[Asked, datetime], Mapping[Key, Iterable[Reason]]]
"""Given what is asked and the time, returns reasons for the pairs that have any."""


def reasons_why_not(stage: Stage, freight: Freight, *, now: datetime) -> tuple[Reason, ...]:
    """Return every reason why Freight cannot be promoted to a Stage now, in their order.

    None of them: a promotion that anybody or the platform creates now starts now.
    """
    return reasons_for([(stage, freight)], now=now)[0]


def reasons_for(pairs: Iterable[Pair], *, now: datetime) -> list[tuple[Reason, ...]]:
    """Return, for each pair of Stage and Freight of one project, every reason, in their order.

    The number of queries does not depend on the number of pairs; only Stages that follow an
    upstream Stage cost some each.
    """
    wanted = tuple(pairs)
    if not wanted:
        return []
    asked = _asked(wanted)
    found: dict[Key, list[Reason]] = {_key(pair): [] for pair in asked.pairs}
    stages = list(asked.stages.values())
    for ask_stages in STAGE_SOURCES:
        told = {pk: list(reasons) for pk, reasons in ask_stages(stages, now).items()}
        for stage, freight in asked.pairs:
            found[stage.pk, freight.pk].extend(told.get(stage.pk, ()))
    for ask_pairs in PAIR_SOURCES:
        for key, reasons in ask_pairs(asked, now).items():
            found[key].extend(reasons)
    return [ordered(found[_key(pair)]) for pair in asked.pairs]


def refusal(stage: Stage, freight: Freight, *, now: datetime) -> str:
    """Return why a person may not promote Freight to a Stage, in one line; empty if they may.

    A Stage without steps is not refused here: there is nothing to promote it with.
    """
    is_open = freight.deleted_at is None and stage.deleted_at is None
    if is_open and availability.availability_of(stage, freight, now=now).is_available:
        return ""
    found = words.refusing(reasons_why_not(stage, freight, now=now))
    told = [it for it in found if it.code is not Code.CONTROL_FLOW]
    if not told:
        return ""
    subject = f'Freight "{freight.name}" is not available to Stage "{stage.name}"'
    return f"{subject}: {in_words(told)}"


def moving_name(stage: Stage) -> str:
    """Return the name of the promotion or request that a Stage has let in; empty if it has not."""
    current = stage.current_promotion or stage.current_request
    return current.name if current is not None and not current.is_terminal else ""


def moving_words(stage: Stage) -> str:
    """Return what a Stage has let in, in words; empty if it has let nothing in."""
    name = moving_name(stage)
    noun = "promotion" if stage.current_promotion_id is not None else "promotion request"
    return f'{noun} "{name}"' if name else ""


def promotions_in_words(count: int) -> str:
    """Return how many promotions."""
    return "1 promotion" if count == 1 else f"{count} promotions"


def _asked(pairs: tuple[Pair, ...]) -> Asked:
    stages = {stage.pk: stage for stage, _ in pairs}
    freight = {it.pk: it for _, it in pairs}
    requests = {pk: availability.requests_of(stage) for pk, stage in stages.items()}
    names = {name for wanted in requests.values() for it in wanted for name in it.stages}
    project = next(iter(stages.values())).project
    above = list(Stage.objects.filter(project=project, name__in=names)) if names else []
    occupancy = occupancies({it.pk: it for it in (*above, *stages.values())}.values())
    seen = names | {stage.name for stage in stages.values()}
    missing = {name: UpstreamFacts(is_missing=True) for name in names}
    return Asked(
        pairs=pairs,
        stages=stages,
        requests=requests,
        occupancy=occupancy,
        upstream=missing | {it.name: occupancy[it.pk].upstream_facts(it) for it in above},
        standings=availability.standings_in(project, freight.values(), stages=seen),
    )


def _gone(asked: Asked, _now: datetime) -> Mapping[Key, list[Reason]]:
    """Say what is no longer there, or never takes promotions."""
    return {
        (stage.pk, freight.pk): list(_absence(stage, freight)) for stage, freight in asked.pairs
    }


def _absence(stage: Stage, freight: Freight) -> Iterator[Reason]:
    if freight.deleted_at is not None:
        yield reason(Code.FREIGHT_DELETED)
    if stage.deleted_at is not None:
        yield reason(Code.STAGE_DELETED)
    if stage.is_control_flow:
        yield reason(Code.CONTROL_FLOW, stage=stage.name)


def _unavailable(asked: Asked, now: datetime) -> Mapping[Key, list[Reason]]:
    """Say what is not requested, not verified, not soaked."""
    return {
        (stage.pk, freight.pk): list(
            availability_reasons(
                asked.standings[freight.pk],
                stage=stage.name,
                requests=asked.requests[stage.pk],
                upstream=asked.upstream,
                now=now,
            )
        )
        for stage, freight in asked.pairs
    }


def _gated(asked: Asked, _now: datetime) -> Mapping[Key, list[Reason]]:
    """Say what the Stage has to finish first."""
    told = {pk: list(_before(stage, asked.occupancy[pk])) for pk, stage in asked.stages.items()}
    return {_key(pair): told[pair[0].pk] for pair in asked.pairs}


def _before(stage: Stage, occupancy: Occupancy) -> Iterator[Reason]:
    name = moving_name(stage)
    yield from gate_reasons(occupancy.gate(stage), stage=stage.name, current=moving_words(stage))
    waiting = sum(1 for promotion, _ in occupancy.queue if promotion != name)
    if waiting:
        yield reason(Code.QUEUED, ahead=promotions_in_words(waiting), stage=stage.name)


def _not_automatic(asked: Asked, now: datetime) -> Mapping[Key, list[Reason]]:
    """Say why the platform does not do it by itself, where a person may."""
    pairs = [pair for pair in asked.pairs if _is_open(asked, pair, now=now)]
    stages = {stage.pk: stage for stage, _ in pairs}
    if not stages:
        return {}
    policies = availability.promotion_policies(next(iter(stages.values())).project)
    enabled = {
        pk: stage
        for pk, stage in stages.items()
        if is_auto_promotion_enabled(policies, stage=stage.name, labels=stage.labels)
    }
    origins = {pk: frozenset(str(it.origin) for it in asked.requests[pk]) for pk in enabled}
    holds = holds_in_effect(enabled.values(), origins=origins) if enabled else {}
    newest = _newest([pair for pair in pairs if pair[0].pk in enabled], asked, now=now)
    attempts = _attempts(pairs)
    return {
        (stage.pk, freight.pk): list(
            automation_reasons(
                asked.standings[freight.pk],
                stage=stage.name,
                requests=asked.requests[stage.pk],
                upstream=asked.upstream,
                automation=Automation(
                    facts=_stage_facts(
                        stage,
                        asked.occupancy[stage.pk],
                        holds=holds.get(stage.pk, {}),
                        attempts=attempts.get(stage.pk, ()),
                        is_enabled=stage.pk in enabled,
                    ),
                    holds=holds.get(stage.pk, {}),
                    newest=newest.get((stage.pk, freight.warehouse_id)),
                ),
                now=now,
            )
        )
        for stage, freight in pairs
    }


def _is_open(asked: Asked, pair: Pair, *, now: datetime) -> bool:
    stage, freight = pair
    if freight.deleted_at is not None or stage.is_control_flow:
        return False
    barriers = availability_reasons(
        asked.standings[freight.pk],
        stage=stage.name,
        requests=asked.requests[stage.pk],
        upstream={},
        now=now,
    )
    return next(barriers, None) is None


def _newest(pairs: Sequence[Pair], asked: Asked, *, now: datetime) -> dict[Key, str]:
    """Return the candidate of each Stage and Warehouse; empty where there is none."""
    found: dict[Key, str] = {}
    warehouses = {freight.warehouse_id: freight.warehouse for _, freight in pairs}
    for pk, warehouse in warehouses.items():
        stages = {it.pk: it for it, freight in pairs if freight.warehouse_id == pk}
        origin = FreightOrigin(warehouse.name)
        following = [it for it in stages.values() if _follows(asked.requests[it.pk], origin)]
        for stage in following:
            del stages[stage.pk]
            candidate = availability.candidates_of(stage, now=now).get(str(origin))
            found[stage.pk, pk] = candidate.name if candidate else ""
        newest = availability.newest_available(stages.values(), warehouse, now=now)
        found |= {(stage, pk): name for stage, name in newest.items()}
    return found


def _follows(requests: Iterable[RequestedFreight], origin: FreightOrigin) -> bool:
    policies = {it.selection_policy for it in requests if it.origin == origin}
    return SelectionPolicy.MATCH_UPSTREAM in policies


def _attempts(pairs: Sequence[Pair]) -> dict[int, list[PromotionSummary]]:
    rows = Promotion.objects.filter(
        stage__in={stage.pk for stage, _ in pairs},
        freight__in={it.pk for _, it in pairs},
        request__isnull=True,
        is_discarded=False,
    )
    found: dict[int, list[PromotionSummary]] = {}
    for pk, name, freight, phase in rows.values_list("stage_id", "name", "freight__name", "phase"):
        found.setdefault(pk, []).append(PromotionSummary(name, freight, PromotionPhase(phase)))
    return found


def _stage_facts(
    stage: Stage,
    occupancy: Occupancy,
    *,
    holds: Mapping[str, Hold],
    attempts: Iterable[PromotionSummary],
    is_enabled: bool,
) -> StageFacts:
    return StageFacts(
        is_enabled=is_enabled,
        held=frozenset(holds),
        current=frozenset(occupancy.held.values()),
        last_promotion=stage.last_promotion.name if stage.last_promotion else "",
        promotions=tuple(attempts),
        requested=requested_freight(stage) if is_target_aware(stage) else frozenset(),
    )


def _key(pair: Pair) -> Key:
    return pair[0].pk, pair[1].pk


STAGE_SOURCES: tuple[StageSource, ...] = (
    standstill_reasons,
    plane_reasons,
    window_reasons,
    approval_reasons,
    task_reasons,
)
PAIR_SOURCES: tuple[PairSource, ...] = (_gone, _unavailable, _gated, _not_automatic)

"""What the cards of a pipeline show."""

from dataclasses import dataclass, field

from common.jsontypes import as_list, as_object, as_text
from promotions.models import Stage, Warehouse
from promotions.portal.hues import hue_of
from promotions.portal.states import (
    Problem,
    State,
    problems_in,
    problems_of,
    promotion_state,
    stage_state,
    warehouse_state,
)
from promotions.selectors.pipeline import HeldFreight, StageStanding


@dataclass(frozen=True, slots=True)
class StageChip:
    """A Stage's name in its hue."""

    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class StageCard:
    """One Stage of a pipeline."""

    standing: StageStanding
    hue: int
    state: State
    outcome: State | None
    problems: list[Problem]
    may_promote: bool = False

    @property
    def stage(self) -> Stage:
        return self.standing.stage

    @property
    def first(self) -> HeldFreight | None:
        return self.standing.held[0] if self.standing.held else None

    @property
    def others(self) -> int:
        return max(0, len(self.standing.held) - 1)


@dataclass(frozen=True, slots=True)
class WarehouseCard:
    """One Warehouse of a pipeline; ``sources`` names what it watches, briefly."""

    warehouse: Warehouse
    state: State
    problems: list[Problem]
    sources: list["Source"] = field(default_factory=list)
    may_refresh: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """One subscription: its kind, the repository, and what of it is watched."""

    kind: str
    url: str
    selection: str

    @property
    def name(self) -> str:
        return self.url.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")


def stage_chip(stage: Stage) -> StageChip:
    return StageChip(name=stage.name, hue=hue_of(stage))


def stage_card(standing: StageStanding, *, may_promote: bool) -> StageCard:
    promotion = standing.promotion
    return StageCard(
        standing=standing,
        hue=hue_of(standing.stage),
        state=stage_state(standing.stage),
        outcome=promotion_state(promotion) if promotion else None,
        problems=problems_of(standing.stage),
        may_promote=may_promote and not standing.stage.is_control_flow,
    )


def warehouse_card(warehouse: Warehouse) -> WarehouseCard:
    return WarehouseCard(
        warehouse=warehouse,
        state=warehouse_state(warehouse),
        problems=problems_in(warehouse.conditions),
        sources=_sources(warehouse),
    )


def _sources(warehouse: Warehouse) -> list[Source]:
    found = []
    for item in as_list(as_object(warehouse.spec).get("subscriptions")):
        for kind, value in as_object(item).items():
            subscription = as_object(value)
            selection = (
                as_text(subscription.get("branch"))
                or as_text(subscription.get("constraint"))
                or as_text(subscription.get("semverConstraint"))
                or as_text(subscription.get("commitSelectionStrategy"))
                or as_text(subscription.get("imageSelectionStrategy"))
            )
            url = as_text(subscription.get("repoURL")) or as_text(subscription.get("name"))
            if url:
                found.append(Source(kind=kind, url=url, selection=selection))
    return found

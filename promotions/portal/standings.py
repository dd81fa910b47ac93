"""How one piece of Freight stands in each Stage of its project, and whether it may go there."""

from dataclasses import dataclass
from datetime import datetime

from projects.models import Project
from promotions.engine.eligibility import Code, Reason, refusing
from promotions.models import Freight, Stage, StageFreight
from promotions.portal.cards import StageChip, stage_chip
from promotions.portal.why import WhyRow, why_rows
from promotions.selectors import availability
from promotions.selectors.eligibility import reasons_for
from promotions.selectors.timeline import stages_with_standings

_EXPLAINED = 25


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One Stage: since when the Freight is there, was verified or approved; else why not."""

    stage: Stage
    chip: StageChip
    standing: StageFreight | None
    is_available: bool
    reasons: list[WhyRow]


def standing_rows(project: Project, freight: Freight, *, now: datetime) -> list[StandingRow]:
    """Return a row for every Stage that asks for Freight of this origin, in order of name."""
    wanted = [
        (stage, standing)
        for stage, standing in stages_with_standings(project, freight)
        if any(it.origin.name == freight.warehouse.name for it in availability.requests_of(stage))
    ]
    shown = wanted[:_EXPLAINED]
    told = reasons_for([(stage, freight) for stage, _ in shown], now=now)
    return [
        _row(stage, standing, reasons)
        for (stage, standing), reasons in zip(shown, told, strict=True)
    ]


def _row(stage: Stage, standing: StageFreight | None, reasons: tuple[Reason, ...]) -> StandingRow:
    refused = [it for it in refusing(reasons) if it.code is not Code.CONTROL_FLOW]
    return StandingRow(
        stage=stage,
        chip=stage_chip(stage),
        standing=standing,
        is_available=not refused,
        reasons=why_rows(reasons),
    )

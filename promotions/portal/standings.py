"""How one piece of Freight stands in each Stage of its project, and whether it may go there."""

from dataclasses import dataclass
from datetime import datetime

from projects.models import Project
from promotions.models import Freight, Stage, StageFreight
from promotions.portal.cards import StageChip, stage_chip
from promotions.selectors import availability
from promotions.selectors.timeline import stages_with_standings

_EXPLAINED = 25


@dataclass(frozen=True, slots=True)
class StandingRow:
    """One Stage: since when the Freight is there, was verified or approved; else why not."""

    stage: Stage
    chip: StageChip
    standing: StageFreight | None
    refusal: str

    @property
    def is_available(self) -> bool:
        return not self.refusal


def standing_rows(project: Project, freight: Freight, *, now: datetime) -> list[StandingRow]:
    """Return a row for every Stage that asks for Freight of this origin, in order of name."""
    wanted = [
        (stage, standing)
        for stage, standing in stages_with_standings(project, freight)
        if any(it.origin.name == freight.warehouse.name for it in availability.requests_of(stage))
    ]
    return [_row(stage, standing, freight, now) for stage, standing in wanted[:_EXPLAINED]]


def _row(
    stage: Stage, standing: StageFreight | None, freight: Freight, now: datetime
) -> StandingRow:
    answer = availability.availability_of(stage, freight, now=now)
    return StandingRow(
        stage=stage,
        chip=stage_chip(stage),
        standing=standing,
        refusal="" if answer.is_available else str(answer),
    )

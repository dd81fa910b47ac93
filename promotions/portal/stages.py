"""A Stage's page: how it stands, what it holds and held, its promotions, and what it may take."""

from dataclasses import dataclass
from typing import Any

from promotions.models import Freight, Stage
from promotions.portal.cards import stage_card
from promotions.portal.frame import ProjectPage
from promotions.portal.rows import condition_rows, promotion_rows
from promotions.selectors import availability
from promotions.selectors.pipeline import stage_standing
from promotions.selectors.promotions import promotions_in
from promotions.selectors.timeline import history_of, newest_promotions, timeline_of

_CHOICES = 20
_REFUSALS = 5
_PROMOTIONS = 10


@dataclass(frozen=True, slots=True)
class Choice:
    """A piece of Freight that a Stage may be given, or (``refusal``) why it may not."""

    freight: Freight
    refusal: str = ""


class StagePage(ProjectPage):
    access_resource = "stages"
    template_name = "promotions/stage.html"
    fragment_name = "promotions/_stage.html"

    def context(self) -> dict[str, Any]:
        standing = stage_standing(self.project, self.kwargs["stage"])
        stage = standing.stage
        promotions = promotions_in(self.project).filter(stage=stage)
        rows, older = newest_promotions(promotions, limit=_PROMOTIONS)
        return self.frame(
            card=stage_card(standing, may_promote=self.may("promote", "stages")),
            requests=availability.requests_of(stage),
            conditions=condition_rows(stage.conditions),
            history=history_of(stage),
            promotions=promotion_rows(rows),
            older=older,
            **promote_context(self, stage),
        )


class PromoteForm(ProjectPage):
    """What a Stage may be given now; part of its page, and fetched again when Freight changes."""

    access_resource = "stages"
    template_name = fragment_name = "promotions/_promote.html"

    def context(self) -> dict[str, Any]:
        standing = stage_standing(self.project, self.kwargs["stage"])
        return self.frame(
            card=stage_card(standing, may_promote=self.may("promote", "stages")),
            **promote_context(self, standing.stage),
        )


def promote_context(page: ProjectPage, stage: Stage) -> dict[str, Any]:
    """Return the newest Freight that a Stage may take, and some that it may not, with reasons."""
    if stage.is_control_flow:
        return {"choices": [], "refused": [], "chosen": "", "may_approve": False}
    available = availability.available_to(stage, now=page.now, limit=_CHOICES)
    names = {freight.name for freight in available}
    others = [
        entry.freight
        for entry in timeline_of(page.project).entries
        if entry.freight.name not in names
    ]
    return {
        "choices": [Choice(freight) for freight in available],
        "refused": [_refused(stage, freight, page) for freight in others[:_REFUSALS]],
        "chosen": page.request.GET.get("freight", ""),
        "may_approve": page.may("promote", "stages") and page.may("patch", "freights/status"),
    }


def _refused(stage: Stage, freight: Freight, page: ProjectPage) -> Choice:
    return Choice(freight, str(availability.availability_of(stage, freight, now=page.now)))

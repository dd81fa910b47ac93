"""A project's page: freight timeline, graph, and what needs attention."""

from typing import Any

from django.http import HttpResponse

from promotions.portal.cards import StageCard, WarehouseCard, stage_card, stage_chip, warehouse_card
from promotions.portal.frame import ProjectPage
from promotions.portal.graph import draw
from promotions.selectors.pipeline import pipeline_of, stage_standing
from promotions.selectors.timeline import TimelineEntry, timeline_of
from promotions.selectors.warehouses import warehouse_named


class PipelinePage(ProjectPage):
    access_resource = "stages"
    template_name = "promotions/pipeline.html"
    fragment_name = "promotions/_pipeline.html"

    def context(self) -> dict[str, Any]:
        pipeline = pipeline_of(self.project)
        may_promote = self.may("promote", "stages")
        stages = {
            standing.stage.name: stage_card(standing, may_promote=may_promote)
            for standing in pipeline.stages
        }
        warehouses = {
            warehouse.name: warehouse_card(warehouse) for warehouse in pipeline.warehouses
        }
        return self.frame(
            graph=draw(pipeline, stages=stages, warehouses=warehouses),
            troubled=_troubled(stages, warehouses),
            timeline=timeline_context(self),
        )


class TimelinePage(ProjectPage):
    access_resource = "freights"
    section = "freight"
    template_name = "promotions/timeline.html"
    fragment_name = "promotions/_timeline.html"

    def context(self) -> dict[str, Any]:
        return self.frame(timeline=timeline_context(self))


class StageCardFragment(ProjectPage):
    access_resource = "stages"
    template_name = fragment_name = "promotions/_stage_card.html"

    def context(self) -> dict[str, Any]:
        standing = stage_standing(self.project, self.kwargs["stage"])
        card = stage_card(standing, may_promote=self.may("promote", "stages"))
        return self.frame(card=card)

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        return announcing_shape(self, super().render_to_response(context, **kwargs), context)


class WarehouseCardFragment(ProjectPage):
    access_resource = "warehouses"
    template_name = fragment_name = "promotions/_warehouse_card.html"

    def context(self) -> dict[str, Any]:
        card = warehouse_card(warehouse_named(self.project, self.kwargs["warehouse"]))
        return self.frame(card=card)


def announcing_shape(
    page: ProjectPage, response: HttpResponse, context: dict[str, Any]
) -> HttpResponse:
    """Tell the browser to fetch the whole graph if the Stage's spec is not what it drew."""
    if page.request.GET.get("generation") not in {None, str(context["card"].stage.generation)}:
        response["HX-Trigger"] = "shape"
    return response


def timeline_context(page: ProjectPage) -> dict[str, Any]:
    found = timeline_of(page.project, before=page.request.GET.get("before", ""))
    return {
        "entries": [entry_context(entry) for entry in found.entries],
        "older": found.older,
        "before": page.request.GET.get("before", ""),
    }


def entry_context(entry: TimelineEntry) -> dict[str, Any]:
    here = [stage_chip(stage) for stage in entry.current_in]
    names = {chip.name for chip in here}
    verified = [stage_chip(stage) for stage in entry.verified_in]
    return {
        "freight": entry.freight,
        "artifacts": list(entry.freight.artifacts.all()),
        "current": here,
        "verified": verified,
        "been": [chip for chip in verified if chip.name not in names],
        "approved": [stage_chip(stage) for stage in entry.approved_for],
    }


def _troubled(
    stages: dict[str, StageCard], warehouses: dict[str, WarehouseCard]
) -> list[StageCard | WarehouseCard]:
    cards: list[StageCard | WarehouseCard] = [*warehouses.values(), *stages.values()]
    return [card for card in cards if card.problems]

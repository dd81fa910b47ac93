"""A Stage's page: how it stands, what it holds and held, its promotions, and what it may take."""

from dataclasses import dataclass
from typing import Any

from promotions.models import Freight, Stage
from promotions.portal.analysis import run_rows
from promotions.portal.approvals import waiting_cards
from promotions.portal.cards import stage_card
from promotions.portal.frame import ProjectPage
from promotions.portal.rows import condition_rows, promotion_rows
from promotions.portal.states import Problem
from promotions.portal.targets import targets_view
from promotions.portal.why import WhyRow, shared, why_rows
from promotions.selectors import availability
from promotions.selectors.analysis_runs import runs_of_stage
from promotions.selectors.applications import applications_of
from promotions.selectors.eligibility import reasons_for
from promotions.selectors.pipeline import stage_standing
from promotions.selectors.promotions import promotions_in
from promotions.selectors.targets import is_target_aware, targets_of
from promotions.selectors.timeline import history_of, newest_promotions, timeline_of
from promotions.selectors.workers import shard_problem
from promotions.services.dead_shards import NO_WORKER

_CHOICES = 20
_REFUSALS = 5
_PROMOTIONS = 10
_RUNS = 3
_TARGETS = 500


@dataclass(frozen=True, slots=True)
class Choice:
    """A piece of Freight of a Stage's origins, and what keeps it from the Stage."""

    freight: Freight
    reasons: list[WhyRow]


class StagePage(ProjectPage):
    access_resource = "stages"
    template_name = "promotions/stage.html"
    fragment_name = "promotions/_stage.html"

    def context(self) -> dict[str, Any]:
        standing = stage_standing(self.project, self.kwargs["stage"])
        stage = standing.stage
        promotions = promotions_in(self.project).filter(stage=stage)
        rows, older = newest_promotions(promotions, limit=_PROMOTIONS)
        card = stage_card(standing, may_promote=self.may("promote", "stages"))
        return self.frame(
            card=card,
            problems=_with_shard(card.problems, stage, page=self),
            requests=availability.requests_of(stage),
            applications=applications_of(stage),
            conditions=condition_rows(stage.conditions),
            history=history_of(stage),
            runs=run_rows(runs_of_stage(stage, most=_RUNS))
            if self.may("get", "analysisruns")
            else [],
            promotions=promotion_rows(rows),
            targets=targets_view(self, stage),
            approvals=waiting_cards(self, stage=stage),
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
        nothing: dict[str, Any] = {"choices": [], "refused": [], "standing": []}
        return {**nothing, "chosen": "", "may_approve": False}
    available = availability.available_to(stage, now=page.now, limit=_CHOICES)
    names = {freight.name for freight in available}
    others = [
        entry.freight
        for entry in timeline_of(page.project).entries
        if entry.freight.name not in names
    ]
    rows = [*available, *others[:_REFUSALS]]
    told = reasons_for([(stage, freight) for freight in rows], now=page.now)
    standing = shared(told)
    choices = [
        Choice(freight, why_rows(it for it in why if it not in standing))
        for freight, why in zip(rows, told, strict=True)
    ]
    return {
        "choices": choices[: len(available)],
        "refused": choices[len(available) :],
        "standing": why_rows(standing),
        "chosen": page.request.GET.get("freight", ""),
        "targets_to_try": _targets_to_try(stage, page),
        "may_approve": page.may("promote", "stages") and page.may("patch", "freights/status"),
    }


def _targets_to_try(stage: Stage, page: ProjectPage) -> list[str]:
    """Return the names of targets that a preview may be for."""
    if not is_target_aware(stage) or not page.may("promote", "stages"):
        return []
    return [it.name for it in targets_of(stage)[:_TARGETS]]


def _with_shard(problems: list[Problem], stage: Stage, *, page: ProjectPage) -> list[Problem]:
    """Return what is wrong and, first, that nobody works for the Stage's shard, if so."""
    dead = shard_problem(stage.shard, now=page.now)
    known = [it for it in problems if it.reason != NO_WORKER]
    return [Problem(NO_WORKER, dead), *known] if dead else list(problems)

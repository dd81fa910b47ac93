"""Promotions: the list of a project's, and one with its steps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import yaml

from common.jsontypes import JSONValue, as_list, as_object, as_text
from promotions.models import Promotion, StepExecution
from promotions.portal.approvals import approval_card
from promotions.portal.cards import stage_chip
from promotions.portal.frame import ProjectPage
from promotions.portal.prompts import Draft, PromptView, prompt_views
from promotions.portal.rows import length_of, promotion_rows
from promotions.portal.states import State, Tone, promotion_state, step_state
from promotions.portal.why import why_rows
from promotions.selectors.promotions import promotions_in
from promotions.selectors.timeline import newest_promotions, promotion_named, steps_of
from promotions.selectors.waiting import waiting_for

_PAGE = 30
_TEXT_LIMIT = 20_000
_FULL = 100


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step as its row shows it; ``share`` is its length in percent of the longest."""

    index: int
    name: str
    kind: str
    state: State
    message: str
    length: timedelta | None
    attempts: int
    share: int
    config: str
    output: str
    execution: StepExecution | None
    prompt: PromptView | None = None

    @property
    def is_open(self) -> bool:
        is_asking = self.prompt is not None and self.prompt.is_waiting
        return is_asking or self.state.tone is Tone.FAILED


class PromotionList(ProjectPage):
    access_resource = "promotions"
    access_verb = "list"
    section = "promotions"
    template_name = "promotions/promotion_list.html"
    fragment_name = "promotions/_promotion_list.html"

    def context(self) -> dict[str, Any]:
        query = self.request.GET
        rows = promotions_in(self.project)
        if query.get("stage"):
            rows = rows.filter(stage__name=query["stage"])
        if query.get("phase"):
            rows = rows.filter(phase=query["phase"])
        page, older = newest_promotions(rows, before=query.get("before", ""), limit=_PAGE)
        return self.frame(
            promotions=promotion_rows(page),
            older=older,
            filters={name: query.get(name, "") for name in ("stage", "phase", "before")},
            phases=["Pending", "Running", "Succeeded", "Failed", "Errored", "Aborted"],
        )


class PromotionPage(ProjectPage):
    access_resource = "promotions"
    section = "promotions"
    template_name = "promotions/promotion.html"
    fragment_name = "promotions/_promotion.html"
    draft: Draft | None = None

    def context(self) -> dict[str, Any]:
        promotion = promotion_named(self.project, self.kwargs["promotion"])
        return self.frame(
            promotion=promotion,
            state=promotion_state(promotion),
            chip=stage_chip(promotion.stage),
            steps=step_rows(promotion, prompt_views(promotion, self.actor, draft=self.draft)),
            length=length_of(promotion),
            waits=why_rows(waiting_for(promotion, now=self.now)),
            approval=approval_card(self, promotion),
            may_abort=not promotion.is_terminal and self.may("patch", "promotions"),
            may_retry=promotion.is_terminal and self.may("promote", "stages"),
        )


def step_rows(promotion: Promotion, prompts: Mapping[str, PromptView]) -> list[StepRow]:
    """Return the steps of a promotion in order, those that never ran included."""
    executions = {row.index: row for row in steps_of(promotion)}
    steps = [as_object(step) for step in as_list(as_object(promotion.spec).get("steps"))]
    longest = max((_length(row) or timedelta(0) for row in executions.values()), default=None)
    rows = [
        _step_row(index, step, executions.get(index), promotion=promotion, longest=longest)
        for index, step in enumerate(steps)
    ]
    return [replace(row, prompt=prompts.get(row.name)) for row in rows]


def _step_row(
    index: int,
    step: Mapping[str, JSONValue],
    execution: StepExecution | None,
    *,
    promotion: Promotion,
    longest: timedelta | None,
) -> StepRow:
    kind = as_text(step.get("uses"))
    alias = execution.alias if execution else as_text(step.get("as"))
    length = _length(execution) if execution else None
    return StepRow(
        index=index,
        name=alias or kind,
        kind=kind,
        state=step_state(execution.status if execution else ""),
        message=execution.message if execution else "",
        length=length,
        attempts=execution.error_count if execution else 0,
        share=_share(length, longest),
        config=_as_yaml(step.get("config")),
        output=_as_json(promotion.state.get(alias)),
        execution=execution,
    )


def _length(execution: StepExecution) -> timedelta | None:
    if execution.started_at is None or execution.finished_at is None:
        return None
    return execution.finished_at - execution.started_at


def _share(length: timedelta | None, longest: timedelta | None) -> int:
    if not length or not longest:
        return 0
    return max(1, round(_FULL * (length / longest)))


def _as_yaml(value: JSONValue) -> str:
    if not value:
        return ""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)[:_TEXT_LIMIT]


def _as_json(value: JSONValue) -> str:
    if not value:
        return ""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)[:_TEXT_LIMIT]

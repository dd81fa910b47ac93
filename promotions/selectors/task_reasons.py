"""Which Stages' templates cannot be turned into a promotion now: a task or a value is missing."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from common.errors import NotFoundError, PlatformError
from common.jsontypes import JSONObject
from projects.models import Project
from promotions.engine.eligibility import Code, Reason, reason
from promotions.engine.inflation import Step, Task, TaskKind, TaskReference, Variable, inflate
from promotions.manifests.promotion_steps import task_from
from promotions.models import ClusterPromotionTask, PromotionTask, Stage
from promotions.selectors.plans import template_of

_Specs = Mapping[tuple[str, str], JSONObject]
"""Specs of tasks by kind and name."""


def task_reasons(stages: Sequence[Stage], _now: datetime) -> dict[int, list[Reason]]:
    """Return what promotions to Stages of one project lack, by primary key; two queries at most."""
    templates = {it.pk: template_of(it) for it in stages}
    references = {
        pk: [step.task for step in steps if step.task is not None]
        for pk, (steps, _) in templates.items()
    }
    wanted = [stage for stage in stages if references[stage.pk]]
    if not wanted:
        return {}
    asked = {reference for stage in wanted for reference in references[stage.pk]}
    specs = _specs(wanted[0].project, asked)
    problems = {it.pk: _problem(*templates[it.pk], specs) for it in wanted}
    return {
        stage.pk: [reason(Code.TEMPLATE_INCOMPLETE, problem=problems[stage.pk], stage=stage.name)]
        for stage in wanted
        if problems[stage.pk]
    }


def _specs(project: Project, asked: Iterable[TaskReference]) -> _Specs:
    names = {it.name for it in asked}
    own = PromotionTask.objects.filter(project=project, name__in=names)
    shared = ClusterPromotionTask.objects.filter(tenant=project.tenant, name__in=names)
    return {
        (kind.value, name): spec
        for kind, rows in (
            (TaskKind.PROMOTION_TASK, own.values_list("name", "spec")),
            (TaskKind.CLUSTER_PROMOTION_TASK, shared.values_list("name", "spec")),
        )
        for name, spec in rows
    }


def _problem(steps: Sequence[Step], variables: Iterable[Variable], specs: _Specs) -> str:
    """Return why a promotion could not be made of a template; empty if it could."""

    def find(reference: TaskReference) -> Task:
        spec = specs.get((reference.kind, reference.name))
        if spec is None:
            raise NotFoundError(f'{reference.kind} "{reference.name}" not found')
        return task_from(spec)

    try:
        inflate(steps, promotion_variables=variables, find_task=find)
    except PlatformError as error:
        return error.message.removeprefix("task ")
    return ""

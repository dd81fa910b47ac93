"""The tenant's pages: home, and the list of projects."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator

from projects.models import Project
from projects.selectors import visible_projects
from promotions.models import Stage, Warehouse
from promotions.portal.cards import stage_chip
from promotions.portal.frame import TenantPage
from promotions.portal.rows import promotion_rows
from promotions.portal.states import (
    Problem,
    State,
    Tone,
    condition_status,
    problems_in,
    problems_of,
    stage_state,
    warehouse_state,
)
from promotions.selectors.live import last_changes
from promotions.selectors.pipeline import resources_in
from promotions.selectors.timeline import newest_promotions, promotions_of
from rbac.authorizer import SIGNED_IN

_PROJECTS = 50
_LOOKED_AT = 200
_TROUBLES = 20
_RECENT = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """A Stage or Warehouse that fails, and how."""

    resource: Stage | Warehouse
    is_stage: bool
    state: State
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project, and how many of its Stages and Warehouses are well."""

    project: Project
    stages: int
    healthy_stages: int
    warehouses: int
    healthy_warehouses: int
    changed_at: datetime

    @property
    def state(self) -> State:
        if not self.stages and not self.warehouses:
            return State(Tone.UNKNOWN, "Empty")
        if self.healthy_stages < self.stages or self.healthy_warehouses < self.warehouses:
            return State(Tone.WAITING, "Look")
        return State(Tone.SUCCEEDED, "Healthy")


class Home(TenantPage):
    access_verb = SIGNED_IN
    template_name = "promotions/home.html"
    fragment_name = "promotions/_home.html"

    def context(self) -> dict[str, Any]:
        projects = list(visible_projects(self.actor, self.tenant)[:_LOOKED_AT])
        stages, warehouses = resources_in(projects)
        rows, _ = newest_promotions(promotions_of(projects), limit=_RECENT)
        return self.frame(
            has_projects=bool(projects),
            troubles=_troubles(stages, warehouses),
            at_work=[
                {"stage": stage, "chip": stage_chip(stage), "promotion": stage.current_promotion}
                for stage in stages
                if stage.current_promotion and not stage.current_promotion.is_terminal
            ],
            promotions=promotion_rows(rows),
            section="home",
        )


class ProjectList(TenantPage):
    access_verb = SIGNED_IN
    template_name = "promotions/project_list.html"
    fragment_name = "promotions/_project_list.html"

    def context(self) -> dict[str, Any]:
        query = self.request.GET.get("q", "").strip()
        found = visible_projects(self.actor, self.tenant)
        if query:
            found = found.filter(name__icontains=query)
        page = Paginator(found, _PROJECTS).get_page(self.request.GET.get("page"))
        return self.frame(
            rows=project_rows(list(page.object_list)),
            page=page,
            query=query,
            section="projects",
        )


def project_rows(projects: list[Project]) -> list[ProjectRow]:
    stages, warehouses = resources_in(projects)
    all_stages = Counter(stage.project_id for stage in stages)
    all_warehouses = Counter(warehouse.project_id for warehouse in warehouses)
    well_stages = Counter(stage.project_id for stage in stages if _is_well(stage))
    well_warehouses = Counter(it.project_id for it in warehouses if _is_well(it))
    changed = last_changes(projects)
    return [
        ProjectRow(
            project=project,
            stages=all_stages[project.pk],
            healthy_stages=well_stages[project.pk],
            warehouses=all_warehouses[project.pk],
            healthy_warehouses=well_warehouses[project.pk],
            changed_at=changed.get(project.uid, project.updated_at),
        )
        for project in projects
    ]


def _is_well(resource: Stage | Warehouse) -> bool:
    if isinstance(resource, Stage) and resource.is_control_flow:
        return condition_status(resource.conditions, "Ready") == "True"
    return condition_status(resource.conditions, "Healthy") == "True"


def _troubles(stages: list[Stage], warehouses: list[Warehouse]) -> list[Trouble]:
    found = [
        *(
            Trouble(warehouse, is_stage=False, state=warehouse_state(warehouse), problems=problems)
            for warehouse in warehouses
            if (problems := problems_in(warehouse.conditions))
        ),
        *(
            Trouble(stage, is_stage=True, state=stage_state(stage), problems=problems)
            for stage in stages
            if (problems := problems_of(stage))
        ),
    ]
    return found[:_TROUBLES]

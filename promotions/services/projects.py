"""Deletes a project with everything in it."""

from datetime import datetime

from django.db import transaction

from common.models import Resource
from projects.models import Project
from projects.services.projects import delete_project as delete_project_itself
from promotions.models import (
    AnalysisRun,
    AnalysisTemplate,
    Freight,
    PromotionTask,
    Stage,
    Target,
    Warehouse,
)
from promotions.services.analysis_runs import delete_analysis_run
from promotions.services.saving import Write, delete, owner_of
from promotions.services.stages import delete_stage
from promotions.services.warehouses import delete_warehouse
from promotions.services.webhook_receivers import remove_receivers
from rbac.actors import Actor


@transaction.atomic
def delete_project(project: Project, *, actor: Actor, now: datetime) -> None:
    """Delete a project: its Stages and what they run, its Warehouses, Freight, tasks and the rest.

    Every row stays as history; a project created later under the same name inherits nothing.
    """
    for stage in Stage.objects.filter(project=project).select_related("project__tenant"):
        delete_stage(stage, actor=actor, now=now)
    for warehouse in Warehouse.objects.filter(project=project).select_related("project__tenant"):
        delete_warehouse(warehouse, actor=actor, now=now)
    runs = AnalysisRun.objects.filter(project=project).select_related("project__tenant", "stage")
    for run in runs:
        delete_analysis_run(run, actor=actor, now=now)
    rest: list[Resource] = [
        *Freight.objects.filter(project=project),
        *PromotionTask.objects.filter(project=project),
        *AnalysisTemplate.objects.filter(project=project),
        *Target.objects.filter(project=project),
    ]
    for resource in rest:
        delete(resource, write=Write(owner_of(project), actor, now))
    remove_receivers(project.tenant, project)
    delete_project_itself(project, actor=actor, now=now)

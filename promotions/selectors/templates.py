"""Reads what Stages refer to by name: promotion tasks and analysis templates."""

from typing import TypeVar

from django.db.models import QuerySet

from common.errors import NotFoundError
from common.models import Resource
from projects.models import Project, Tenant
from promotions.models import (
    AnalysisTemplate,
    ClusterAnalysisTemplate,
    ClusterPromotionTask,
    PromotionTask,
)

RowT = TypeVar("RowT", bound=Resource)


def promotion_tasks_in(project: Project) -> QuerySet[PromotionTask]:
    """Return a project's tasks, by name."""
    rows = PromotionTask.objects.filter(project=project)
    return rows.select_related("project").order_by("name", "pk")


def promotion_task_named(project: Project, name: str) -> PromotionTask:
    """Return a task of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    return _named(promotion_tasks_in(project), name, "promotiontasks.kargo.akuity.io")


def cluster_promotion_tasks_in(tenant: Tenant) -> QuerySet[ClusterPromotionTask]:
    """Return the tasks that a tenant's projects share, by name."""
    return ClusterPromotionTask.objects.filter(tenant=tenant).order_by("name", "pk")


def cluster_promotion_task_named(tenant: Tenant, name: str) -> ClusterPromotionTask:
    """Return a task that a tenant's projects share.

    Raises:
        NotFoundError: The tenant has none of that name.
    """
    rows = cluster_promotion_tasks_in(tenant).select_related("tenant")
    return _named(rows, name, "clusterpromotiontasks.kargo.akuity.io")


def analysis_templates_in(project: Project) -> QuerySet[AnalysisTemplate]:
    """Return a project's analysis templates, by name."""
    rows = AnalysisTemplate.objects.filter(project=project)
    return rows.select_related("project").order_by("name", "pk")


def analysis_template_named(project: Project, name: str) -> AnalysisTemplate:
    """Return an analysis template of a project.

    Raises:
        NotFoundError: The project has none of that name.
    """
    return _named(analysis_templates_in(project), name, "analysistemplates.argoproj.io")


def cluster_analysis_templates_in(tenant: Tenant) -> QuerySet[ClusterAnalysisTemplate]:
    """Return the analysis templates that a tenant's projects share, by name."""
    return ClusterAnalysisTemplate.objects.filter(tenant=tenant).order_by("name", "pk")


def cluster_analysis_template_named(tenant: Tenant, name: str) -> ClusterAnalysisTemplate:
    """Return an analysis template that a tenant's projects share.

    Raises:
        NotFoundError: The tenant has none of that name.
    """
    rows = cluster_analysis_templates_in(tenant).select_related("tenant")
    return _named(rows, name, "clusteranalysistemplates.argoproj.io")


def _named(rows: QuerySet[RowT], name: str, kind: str) -> RowT:
    found = rows.filter(name=name).first()
    if found is None:
        raise NotFoundError(f'{kind} "{name}" not found')
    return found

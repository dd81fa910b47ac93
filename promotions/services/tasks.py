"""Saves and deletes promotion tasks, of projects and of whole tenants."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import Project, Tenant
from promotions.manifests.cluster_promotion_task import ClusterPromotionTaskManifest
from promotions.manifests.promotion_task import PromotionTaskManifest, TaskManifest
from promotions.manifests.schema import as_json
from promotions.models import ClusterPromotionTask, PromotionTask, WorkKind
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    owner_of,
    save,
    wake_failed,
    wake_stages,
)
from rbac.actors import Actor


@transaction.atomic
def save_promotion_task(
    project: Project, manifest: PromotionTaskManifest, *, actor: Actor, now: datetime
) -> Saved[PromotionTask]:
    """Create or update a project's task; promotions that wait keep the steps they have."""
    name = manifest.metadata.name
    stored = PromotionTask.objects.select_for_update().filter(project=project, name=name).first()
    blank = PromotionTask(project=project, name=name)
    saved = save(stored, blank, _columns(manifest), write=Write(owner_of(project), actor, now))
    if saved.outcome is not Outcome.UNCHANGED:
        wake_stages(project, now=now)
    return saved


@transaction.atomic
def delete_promotion_task(task: PromotionTask, *, actor: Actor, now: datetime) -> None:
    """Delete a project's task; promotions of Stages that name it are refused from now on."""
    delete(task, write=Write(owner_of(task.project), actor, now))


@transaction.atomic
def save_cluster_promotion_task(
    tenant: Tenant, manifest: ClusterPromotionTaskManifest, *, actor: Actor, now: datetime
) -> Saved[ClusterPromotionTask]:
    """Create or update a task that all projects of a tenant share."""
    name = manifest.metadata.name
    rows = ClusterPromotionTask.objects.select_for_update()
    stored = rows.filter(tenant=tenant, name=name).first()
    blank = ClusterPromotionTask(tenant=tenant, name=name)
    saved = save(stored, blank, _columns(manifest), write=Write(owner_of(tenant), actor, now))
    if saved.outcome is not Outcome.UNCHANGED:
        wake_failed(WorkKind.STAGE, tenant, now=now)
    return saved


@transaction.atomic
def delete_cluster_promotion_task(
    task: ClusterPromotionTask, *, actor: Actor, now: datetime
) -> None:
    """Delete a task that all projects of a tenant share."""
    delete(task, write=Write(owner_of(task.tenant), actor, now))


def _columns(manifest: TaskManifest) -> dict[str, Any]:
    return {
        "spec": as_json(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }

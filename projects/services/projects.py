"""Creates, updates and deletes projects."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.errors import ConflictError
from common.models import Resource
from projects.models import ChangeType, ConfigMap, Project, ProjectConfig, Secret, Tenant
from projects.models.secret import RENAMED_NAMESPACES, SHARED_NAMESPACE, SYSTEM_NAMESPACE
from projects.services.changes import kind_of, record_change
from projects.services.quotas import charge_storage, require_room_for_project, size_of_row
from rbac import audit
from rbac.actors import Actor
from rbac.namespaces import KARGO_NAMESPACE
from rbac.selectors.grants import global_namespaces
from rbac.services import make_project_roles, remove_project_roles

CREATE_ACTOR = "kargo.akuity.io/create-actor"
RESERVED = frozenset({KARGO_NAMESPACE, SHARED_NAMESPACE, SYSTEM_NAMESPACE, *RENAMED_NAMESPACES})
"""Namespaces of the platform itself, which no project may be called."""


@transaction.atomic
def create_project(
    tenant: Tenant,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime,
) -> Project:
    """Create a project; it is ready at once.

    Raises:
        ConflictError: The name is taken, or is one of the platform's own namespaces.
        QuotaError: The tenant may have no more projects.
    """
    if name in RESERVED | global_namespaces():
        raise ConflictError(
            f'the namespace "{name}" already exists and is not a project; choose another name',
            code="reserved_name",
        )
    require_room_for_project(tenant)
    project = Project(
        tenant=tenant,
        name=name,
        labels=dict(labels or {}),
        annotations={**(annotations or {}), CREATE_ACTOR: actor.name},
        conditions=[_ready(now)],
        created_at=now,
        updated_at=now,
    )
    try:
        with transaction.atomic():
            project.save(force_insert=True)
    except IntegrityError as error:
        message = f'projects.kargo.akuity.io "{name}" already exists'
        raise ConflictError(message, code="exists") from error
    make_project_roles(
        tenant_uid=tenant.uid, project_uid=project.uid, namespace=name, creator=actor, now=now
    )
    _tell(project, project, ChangeType.ADDED)
    _record(project, project, "project.create", actor=actor, now=now)
    return project


@transaction.atomic
def update_project(
    project: Project,
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> bool:
    """Replace a project's labels and annotations; return whether anything changed.

    Who created it stays as it is.
    """
    kept = {key: it for key, it in project.annotations.items() if key == CREATE_ACTOR}
    wanted = {"labels": dict(labels), "annotations": {**annotations, **kept}}
    before = {"labels": project.labels, "annotations": project.annotations}
    if wanted == before:
        return False
    Project.objects.filter(pk=project.pk).update(**wanted, updated_at=now)
    project.labels, project.annotations = wanted["labels"], wanted["annotations"]
    project.updated_at = now
    _tell(project, project, ChangeType.MODIFIED)
    act = _act(project, project, "project.update", before=before, after=wanted)
    audit.record(act, actor=actor, at=now)
    return True


@transaction.atomic
def delete_project(project: Project, *, actor: Actor, now: datetime) -> None:
    """Mark a project, its configuration, Secrets and ConfigMaps deleted; remove its roles.

    Its Warehouses, Stages and the like are another package's; delete the project through
    ``promotions.services.projects``, which takes those first.
    """
    owned: list[Resource] = [
        *ProjectConfig.objects.filter(project=project),
        *Secret.objects.filter(project=project),
        *ConfigMap.objects.filter(project=project),
        project,
    ]
    for resource in owned:
        type(resource).everything.filter(pk=resource.pk).update(deleted_at=now, updated_at=now)
        resource.deleted_at = now
        _tell(project, resource, ChangeType.DELETED)
    Secret.everything.filter(project=project).update(encrypted="")
    charge_storage(project.tenant.uid, -sum(size_of_row(it) for it in owned if it is not project))
    remove_project_roles(
        tenant_uid=project.tenant.uid, project_uid=project.uid, namespace=project.name
    )
    _record(project, project, "project.delete", actor=actor, now=now)


def _ready(now: datetime) -> dict[str, Any]:
    return {
        "type": "Ready",
        "status": "True",
        "reason": "Synced",
        "message": "Project is synced and ready for use",
        "observedGeneration": 1,
        "lastTransitionTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _tell(project: Project, resource: Resource, change_type: ChangeType) -> None:
    record_change(
        resource,
        change_type=change_type,
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
    )


def _record(
    project: Project, resource: Resource, action: str, *, actor: Actor, now: datetime
) -> None:
    audit.record(_act(project, resource, action), actor=actor, at=now)


def _act(project: Project, resource: Resource, action: str, **facts: Any) -> audit.Act:
    return audit.Act(
        action=action,
        kind=kind_of(resource),
        tenant_uid=project.tenant.uid,
        project_uid=project.uid,
        object_uid=resource.uid,
        object_name=resource.name,
        **facts,
    )

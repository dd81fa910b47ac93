"""Writes what is stored as manifests that, applied again, change nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q

from common.models import Resource
from projects.models import (
    ClusterConfig,
    ConfigMap,
    ControlPlane,
    Project,
    ProjectConfig,
    Secret,
    Tenant,
)
from projects.selectors import projects_in
from promotions.manifests.freight import fetch_for
from promotions.manifests.metadata import OWN_ANNOTATIONS, OWN_LABELS
from promotions.manifests.writers import write_manifest
from promotions.models import (
    AnalysisTemplate,
    ClusterAnalysisTemplate,
    ClusterMessageChannel,
    ClusterPromotionTask,
    MessageChannel,
    PromotionTask,
    Stage,
    Target,
    Warehouse,
)
from promotions.selectors.freight import freight_in
from promotions.selectors.promotion_requests import requests_in
from promotions.selectors.promotions import promotions_in
from rbac.models import Role, RoleBinding, ServiceAccount
from rbac.models.role import AccessObject

_ONLY_ON_SERVER = ("uid", "resourceVersion", "generation", "creationTimestamp", "ownerReferences")


def export_tenant(tenant: Tenant, *, with_promotions: bool = False) -> list[dict[str, Any]]:
    """Return the manifests of everything in a tenant, in the order to apply them."""
    resources: list[Resource] = [
        *ClusterConfig.objects.filter(tenant=tenant),
        *Secret.objects.filter(tenant=tenant, project=None).order_by("namespace", "name"),
        *ConfigMap.objects.filter(tenant=tenant, project=None).order_by("namespace", "name"),
        *ControlPlane.objects.filter(tenant=tenant).order_by("name"),
        *ClusterMessageChannel.objects.filter(tenant=tenant).order_by("name"),
        *ClusterAnalysisTemplate.objects.filter(tenant=tenant).order_by("name"),
        *ClusterPromotionTask.objects.filter(tenant=tenant).order_by("name"),
    ]
    documents = [_document(resource) for resource in resources]
    documents += [_document(row) for row in _access_objects(tenant, None)]
    for project in projects_in(tenant):
        documents += export_project(project, with_promotions=with_promotions)
    return documents


def export_project(project: Project, *, with_promotions: bool = False) -> list[dict[str, Any]]:
    """Return the manifests of a project and everything in it, in the order to apply them.

    Secrets come without values; the mark in their place keeps what is stored. Promotions are
    history rather than configuration, and left out unless asked for.
    """
    documents = [_document(resource) for resource in _resources(project)]
    documents += [_document(row) for row in _access_objects(project.tenant, project)]
    if with_promotions:
        documents += [_document(row) for row in requests_in(project)]
        rows = promotions_in(project).filter(request__isnull=True)  # those make their own
        rows = rows.prefetch_related("step_executions")
        documents += [_document(row) for row in rows]
    return documents


def _resources(project: Project) -> Iterator[Resource]:
    yield project
    yield from ProjectConfig.objects.filter(project=project).select_related("project")
    yield from Secret.objects.filter(project=project).order_by("name")
    yield from ConfigMap.objects.filter(project=project).order_by("name")
    yield from _in(MessageChannel.objects.filter(project=project))
    yield from _in(AnalysisTemplate.objects.filter(project=project))
    yield from _in(Warehouse.objects.filter(project=project))
    yield from _in(PromotionTask.objects.filter(project=project))
    yield from _in(Target.objects.filter(project=project))
    yield from _in(Stage.objects.filter(project=project))
    yield from fetch_for(freight_in(project), project)


def _access_objects(tenant: Tenant, project: Project | None) -> Iterator[AccessObject]:
    """Yield what grants something there; default roles, and who has them, are not exported."""
    here = Q(tenant_uid=tenant.uid, project_uid=project.uid if project else None)
    order = ("namespace", "name")
    yield from ServiceAccount.objects.filter(here, is_default=False).order_by(*order)
    yield from Role.objects.filter(here).order_by(*order)
    yield from RoleBinding.objects.filter(here).order_by(*order)


def _in(rows: Any) -> Iterable[Resource]:
    found: Iterable[Resource] = rows.select_related("project").order_by("name")
    return found


def _document(resource: Resource | AccessObject) -> dict[str, Any]:
    """Return the manifest without what only a server may say."""
    document = {key: it for key, it in write_manifest(resource).items() if key != "status"}
    metadata = {k: it for k, it in document["metadata"].items() if k not in _ONLY_ON_SERVER}
    for key, own in (("labels", OWN_LABELS), ("annotations", OWN_ANNOTATIONS)):
        kept = {name: it for name, it in metadata.pop(key, {}).items() if name not in own}
        if kept:
            metadata[key] = kept
    return {**document, "metadata": metadata}

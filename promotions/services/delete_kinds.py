"""Deletes the object that a manifest names, whatever its kind, through the service of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from common.errors import InvalidError, NotFoundError
from common.jsontypes import JSONObject, as_object, as_text
from common.models import Resource
from projects.models import ConfigMap, Project, Secret, Tenant
from projects.selectors import cluster_config_of, project_config_of, project_named
from promotions.manifests.cluster_config import NAME as CLUSTER_CONFIG
from promotions.manifests.kinds import Scope, kind_of
from promotions.models import ClusterMessageChannel, MessageChannel
from promotions.selectors import templates
from promotions.selectors.lookups import freight_with_name
from promotions.selectors.stages import stage_named
from promotions.selectors.timeline import promotion_named
from promotions.selectors.warehouses import warehouse_named
from promotions.services import analysis, tasks
from promotions.services.cluster_configs import delete_cluster_config
from promotions.services.config_maps import delete_config_map
from promotions.services.freight import delete_freight
from promotions.services.message_channels import (
    delete_cluster_message_channel,
    delete_message_channel,
)
from promotions.services.project_configs import delete_project_config
from promotions.services.projects import delete_project
from promotions.services.promotions import delete_promotion
from promotions.services.role_bindings import delete_role_binding, role_binding_named
from promotions.services.role_objects import delete_role_object, role_object_named
from promotions.services.secrets import delete_secret
from promotions.services.service_accounts import delete_service_account, service_account_named
from promotions.services.stages import delete_stage
from promotions.services.warehouses import delete_warehouse
from rbac.actors import Actor

RowT = TypeVar("RowT", bound=Resource)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be deleted, of whom, by whom and when.

    Attributes:
        namespace: A project's name, or one of the tenant's own; empty for the tenant's kinds.
    """

    tenant: Tenant
    namespace: str
    name: str
    actor: Actor
    now: datetime

    @property
    def project(self) -> Project:
        """The project that the namespace names.

        Raises:
            NotFoundError: There is none.
        """
        return project_named(self.tenant, self.namespace)


def delete_document(content: JSONObject, *, tenant: Tenant, actor: Actor, now: datetime) -> None:
    """Delete what a manifest names; the rest of the manifest does not matter.

    The caller has made sure that the actor may.

    Raises:
        InvalidError: The kind is unknown, or the name or the namespace is missing.
        NotFoundError: There is no such object.
        PlatformError: As the kind's own service raises it.
    """
    kind = kind_of(content)
    metadata = as_object(content.get("metadata"))
    name, namespace = as_text(metadata.get("name")), as_text(metadata.get("namespace"))
    if not name:
        raise InvalidError(f"metadata.name is required: which {kind.name} to delete")
    if kind.scope is not Scope.TENANT and not namespace:
        raise InvalidError(f"metadata.namespace is required: the project of the {kind.name}")
    if kind.scope is Scope.TENANT:
        namespace = ""
    _DELETERS[kind.name](Target(tenant, namespace, name, actor, now))


def _delete_cluster_config(target: Target) -> None:
    _refuse_other_name(target, CLUSTER_CONFIG, "clusterconfigs.kargo.akuity.io")
    config = cluster_config_of(target.tenant)
    delete_cluster_config(config, actor=target.actor, now=target.now)


def _delete_project(target: Target) -> None:
    project = project_named(target.tenant, target.name)
    delete_project(project, actor=target.actor, now=target.now)


def _delete_project_config(target: Target) -> None:
    project = target.project
    _refuse_other_name(target, project.name, "projectconfigs.kargo.akuity.io")
    delete_project_config(project_config_of(project), actor=target.actor, now=target.now)


def _delete_promotion(target: Target) -> None:
    promotion = promotion_named(target.project, target.name)
    reason = "it was deleted"
    delete_promotion(promotion, actor=target.actor, reason=reason, now=target.now)


def _delete_config_map(target: Target) -> None:
    rows = ConfigMap.objects.filter(tenant=target.tenant, namespace=target.namespace)
    config_map = _found(rows.select_related("project__tenant", "tenant"), target, "configmaps")
    delete_config_map(config_map, actor=target.actor, now=target.now)


def _delete_secret(target: Target) -> None:
    rows = Secret.objects.filter(tenant=target.tenant, namespace=target.namespace)
    secret = _found(rows.select_related("project__tenant", "tenant"), target, "secrets")
    delete_secret(secret, actor=target.actor, now=target.now)


def _delete_service_account(target: Target) -> None:
    account = service_account_named(target.tenant, target.namespace, target.name)
    delete_service_account(account, actor=target.actor, now=target.now)


def _delete_role_object(target: Target) -> None:
    role = role_object_named(target.tenant, target.namespace, target.name)
    delete_role_object(role, actor=target.actor, now=target.now)


def _delete_role_binding(target: Target) -> None:
    binding = role_binding_named(target.tenant, target.namespace, target.name)
    delete_role_binding(binding, actor=target.actor, now=target.now)


def _delete_message_channel(target: Target) -> None:
    rows = MessageChannel.objects.filter(project=target.project).select_related("project__tenant")
    channel = _found(rows, target, "messagechannels.ee.kargo.akuity.io")
    delete_message_channel(channel, actor=target.actor, now=target.now)


def _delete_cluster_message_channel(target: Target) -> None:
    rows = ClusterMessageChannel.objects.filter(tenant=target.tenant).select_related("tenant")
    channel = _found(rows, target, "clustermessagechannels.ee.kargo.akuity.io")
    delete_cluster_message_channel(channel, actor=target.actor, now=target.now)


_Delete = Callable[[Target], None]


def _in_project(find: Callable[[Project, str], Any], service: Callable[..., None]) -> _Delete:
    return lambda target: service(
        find(target.project, target.name), actor=target.actor, now=target.now
    )


def _in_tenant(find: Callable[[Tenant, str], Any], service: Callable[..., None]) -> _Delete:
    return lambda target: service(
        find(target.tenant, target.name), actor=target.actor, now=target.now
    )


_DELETERS: Mapping[str, _Delete] = {
    "AnalysisTemplate": _in_project(
        templates.analysis_template_named, analysis.delete_analysis_template
    ),
    "ClusterAnalysisTemplate": _in_tenant(
        templates.cluster_analysis_template_named, analysis.delete_cluster_analysis_template
    ),
    "ClusterConfig": _delete_cluster_config,
    "ClusterMessageChannel": _delete_cluster_message_channel,
    "ClusterPromotionTask": _in_tenant(
        templates.cluster_promotion_task_named, tasks.delete_cluster_promotion_task
    ),
    "ClusterRole": _delete_role_object,
    "ClusterRoleBinding": _delete_role_binding,
    "ConfigMap": _delete_config_map,
    "Freight": _in_project(freight_with_name, delete_freight),
    "MessageChannel": _delete_message_channel,
    "Project": _delete_project,
    "ProjectConfig": _delete_project_config,
    "Promotion": _delete_promotion,
    "PromotionTask": _in_project(templates.promotion_task_named, tasks.delete_promotion_task),
    "Role": _delete_role_object,
    "RoleBinding": _delete_role_binding,
    "Secret": _delete_secret,
    "ServiceAccount": _delete_service_account,
    "Stage": _in_project(stage_named, delete_stage),
    "Warehouse": _in_project(warehouse_named, delete_warehouse),
}


def _found(rows: QuerySet[RowT], target: Target, plural: str) -> RowT:
    row = rows.filter(name=target.name).first()
    if row is None:
        raise NotFoundError(f'{plural} "{target.name}" not found')
    return row


def _refuse_other_name(target: Target, name: str, plural: str) -> None:
    if target.name != name:
        raise NotFoundError(f'{plural} "{target.name}" not found')

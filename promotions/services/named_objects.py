"""Finds the stored object that a manifest names, whatever its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
from promotions.selectors.analysis_runs import analysis_run_named
from promotions.selectors.control_planes import control_plane_named
from promotions.selectors.lookups import freight_with_name
from promotions.selectors.promotion_requests import request_named
from promotions.selectors.stages import stage_named
from promotions.selectors.targets import target_named
from promotions.selectors.timeline import promotion_named
from promotions.selectors.warehouses import warehouse_named
from promotions.services.role_bindings import role_binding_named
from promotions.services.role_objects import role_object_named
from promotions.services.service_accounts import service_account_named

RowT = TypeVar("RowT", bound=Resource)


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a manifest names.

    Attributes:
        namespace: A project's name, or one of the tenant's own; empty for the tenant's kinds.
    """

    tenant: Tenant
    namespace: str
    name: str

    @property
    def project(self) -> Project:
        """The project that the namespace names.

        Raises:
            NotFoundError: There is none.
        """
        return project_named(self.tenant, self.namespace)


def object_named(content: JSONObject, tenant: Tenant) -> Any:
    """Return the object that a manifest names; the rest of the manifest does not matter.

    Raises:
        InvalidError: The kind is unknown, or the name or the namespace is missing.
        NotFoundError: There is no such object.
    """
    kind = kind_of(content)
    metadata = as_object(content.get("metadata"))
    name, namespace = as_text(metadata.get("name")), as_text(metadata.get("namespace"))
    if not name:
        raise InvalidError(f"metadata.name is required: the name of the {kind.name}")
    if kind.scope is not Scope.TENANT and not namespace:
        raise InvalidError(f"metadata.namespace is required: the project of the {kind.name}")
    if kind.scope is Scope.TENANT:
        namespace = ""
    return _FINDERS[kind.name](_Sought(tenant, namespace, name))


def _cluster_config(sought: _Sought) -> Any:
    _refuse_other_name(sought, CLUSTER_CONFIG, "clusterconfigs.kargo.akuity.io")
    return cluster_config_of(sought.tenant)


def _project_config(sought: _Sought) -> Any:
    project = sought.project
    _refuse_other_name(sought, project.name, "projectconfigs.kargo.akuity.io")
    return project_config_of(project)


def _config_map(sought: _Sought) -> ConfigMap:
    rows = ConfigMap.objects.filter(tenant=sought.tenant, namespace=sought.namespace)
    return _found(rows.select_related("project__tenant", "tenant"), sought, "configmaps")


def _secret(sought: _Sought) -> Secret:
    rows = Secret.objects.filter(tenant=sought.tenant, namespace=sought.namespace)
    return _found(rows.select_related("project__tenant", "tenant"), sought, "secrets")


def _message_channel(sought: _Sought) -> MessageChannel:
    rows = MessageChannel.objects.filter(project=sought.project).select_related("project__tenant")
    return _found(rows, sought, "messagechannels.ee.kargo.akuity.io")


def _cluster_message_channel(sought: _Sought) -> ClusterMessageChannel:
    rows = ClusterMessageChannel.objects.filter(tenant=sought.tenant).select_related("tenant")
    return _found(rows, sought, "clustermessagechannels.ee.kargo.akuity.io")


_Find = Callable[[_Sought], Any]


def _in_project(find: Callable[[Project, str], Any]) -> _Find:
    return lambda sought: find(sought.project, sought.name)


def _in_tenant(find: Callable[[Tenant, str], Any]) -> _Find:
    return lambda sought: find(sought.tenant, sought.name)


def _in_namespace(find: Callable[[Tenant, str, str], Any]) -> _Find:
    return lambda sought: find(sought.tenant, sought.namespace, sought.name)


_FINDERS: Mapping[str, _Find] = {
    "AnalysisRun": _in_project(analysis_run_named),
    "AnalysisTemplate": _in_project(templates.analysis_template_named),
    "ClusterAnalysisTemplate": _in_tenant(templates.cluster_analysis_template_named),
    "ClusterConfig": _cluster_config,
    "ClusterMessageChannel": _cluster_message_channel,
    "ClusterPromotionTask": _in_tenant(templates.cluster_promotion_task_named),
    "ClusterRole": _in_namespace(role_object_named),
    "ClusterRoleBinding": _in_namespace(role_binding_named),
    "ConfigMap": _config_map,
    "ControlPlane": _in_tenant(control_plane_named),
    "Freight": _in_project(freight_with_name),
    "MessageChannel": _message_channel,
    "Project": _in_tenant(project_named),
    "ProjectConfig": _project_config,
    "Promotion": _in_project(promotion_named),
    "PromotionRequest": _in_project(request_named),
    "PromotionTask": _in_project(templates.promotion_task_named),
    "Role": _in_namespace(role_object_named),
    "RoleBinding": _in_namespace(role_binding_named),
    "Secret": _secret,
    "ServiceAccount": _in_namespace(service_account_named),
    "Stage": _in_project(stage_named),
    "Target": _in_project(target_named),
    "Warehouse": _in_project(warehouse_named),
}


def _found(rows: QuerySet[RowT], sought: _Sought, plural: str) -> RowT:
    row = rows.filter(name=sought.name).first()
    if row is None:
        raise NotFoundError(f'{plural} "{sought.name}" not found')
    return row


def _refuse_other_name(sought: _Sought, name: str, plural: str) -> None:
    if sought.name != name:
        raise NotFoundError(f'{plural} "{sought.name}" not found')

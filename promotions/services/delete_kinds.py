"""Deletes the object that a manifest names, whatever its kind, through the service of its kind."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from common.jsontypes import JSONObject
from projects.models import Tenant
from promotions.manifests.kinds import kind_of
from promotions.services import analysis, tasks
from promotions.services.analysis_runs import delete_analysis_run
from promotions.services.cluster_configs import delete_cluster_config
from promotions.services.config_maps import delete_config_map
from promotions.services.control_planes import delete_control_plane
from promotions.services.freight import delete_freight
from promotions.services.message_channels import (
    delete_cluster_message_channel,
    delete_message_channel,
)
from promotions.services.named_objects import object_named
from promotions.services.project_configs import delete_project_config
from promotions.services.projects import delete_project
from promotions.services.promotion_requests import delete_promotion_request
from promotions.services.promotions import delete_promotion
from promotions.services.role_bindings import delete_role_binding
from promotions.services.role_objects import delete_role_object
from promotions.services.secrets import delete_secret
from promotions.services.service_accounts import delete_service_account
from promotions.services.stages import delete_stage
from promotions.services.targets import delete_target
from promotions.services.warehouses import delete_warehouse
from rbac.actors import Actor


def delete_document(content: JSONObject, *, tenant: Tenant, actor: Actor, now: datetime) -> None:
    """Delete what a manifest names; the rest of the manifest does not matter.

    The caller has made sure that the actor may.

    Raises:
        InvalidError: The kind is unknown, or the name or the namespace is missing.
        NotFoundError: There is no such object.
        PlatformError: As the kind's own service raises it.
    """
    delete = _DELETERS[kind_of(content).name]
    delete(object_named(content, tenant), actor=actor, now=now)


_DELETERS: Mapping[str, Callable[..., None]] = {
    "AnalysisRun": delete_analysis_run,
    "AnalysisTemplate": analysis.delete_analysis_template,
    "ClusterAnalysisTemplate": analysis.delete_cluster_analysis_template,
    "ClusterConfig": delete_cluster_config,
    "ClusterMessageChannel": delete_cluster_message_channel,
    "ClusterPromotionTask": tasks.delete_cluster_promotion_task,
    "ClusterRole": delete_role_object,
    "ClusterRoleBinding": delete_role_binding,
    "ConfigMap": delete_config_map,
    "ControlPlane": delete_control_plane,
    "Freight": delete_freight,
    "MessageChannel": delete_message_channel,
    "Project": delete_project,
    "ProjectConfig": delete_project_config,
    "Promotion": partial(delete_promotion, reason="it was deleted"),
    "PromotionRequest": delete_promotion_request,
    "PromotionTask": tasks.delete_promotion_task,
    "Role": delete_role_object,
    "RoleBinding": delete_role_binding,
    "Secret": delete_secret,
    "ServiceAccount": delete_service_account,
    "Stage": delete_stage,
    "Target": delete_target,
    "Warehouse": delete_warehouse,
}

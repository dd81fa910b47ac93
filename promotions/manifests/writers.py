"""Writes a stored object of any kind as its manifest."""

from collections.abc import Callable, Mapping
from typing import Any

from common.models import Resource
from promotions.manifests import (
    analysis_run,
    analysis_template,
    cluster_analysis_template,
    cluster_config,
    cluster_message_channel,
    cluster_promotion_task,
    config_map,
    control_plane,
    freight,
    message_channel,
    project,
    project_config,
    promotion,
    promotion_request,
    promotion_task,
    role,
    role_binding,
    secret,
    service_account,
    stage,
    target,
    warehouse,
)
from rbac.models.role import AccessObject

_WRITERS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "AnalysisRun": analysis_run.to_manifest,
    "AnalysisTemplate": analysis_template.to_manifest,
    "ClusterAnalysisTemplate": cluster_analysis_template.to_manifest,
    "ClusterConfig": cluster_config.to_manifest,
    "ClusterMessageChannel": cluster_message_channel.to_manifest,
    "ClusterPromotionTask": cluster_promotion_task.to_manifest,
    "ConfigMap": config_map.to_manifest,
    "ControlPlane": control_plane.to_manifest,
    "Freight": freight.to_manifest,
    "MessageChannel": message_channel.to_manifest,
    "Project": project.to_manifest,
    "ProjectConfig": project_config.to_manifest,
    "Promotion": promotion.to_manifest,
    "PromotionRequest": promotion_request.to_manifest,
    "PromotionTask": promotion_task.to_manifest,
    "Role": role.to_manifest,
    "RoleBinding": role_binding.to_manifest,
    "Secret": secret.to_manifest,
    "ServiceAccount": service_account.to_manifest,
    "Stage": stage.to_manifest,
    "Target": target.to_manifest,
    "Warehouse": warehouse.to_manifest,
}


def write_manifest(resource: Resource | AccessObject) -> dict[str, Any]:
    """Return the manifest of a stored object, with its status; Secrets without their values."""
    return _WRITERS[type(resource).__name__](resource)

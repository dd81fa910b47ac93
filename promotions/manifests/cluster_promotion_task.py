"""The manifest of a ClusterPromotionTask: steps that all projects of a tenant share."""

from typing import Any

from promotions.manifests.metadata import manifest_to, metadata_to
from promotions.manifests.promotion_task import TaskManifest
from promotions.models import ClusterPromotionTask


class ClusterPromotionTaskManifest(TaskManifest):
    """A ClusterPromotionTask as somebody wrote it."""


def to_manifest(task: ClusterPromotionTask) -> dict[str, Any]:
    """Write a ClusterPromotionTask as Kargo's JSON."""
    return manifest_to("ClusterPromotionTask", metadata_to(task), spec=task.spec)

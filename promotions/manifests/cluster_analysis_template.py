"""The manifest of a ClusterAnalysisTemplate: metrics that all projects of a tenant share."""

from typing import Any

from promotions.manifests.analysis_template import AnyAnalysisTemplateManifest
from promotions.manifests.metadata import ARGO_API, manifest_to, metadata_to
from promotions.models import ClusterAnalysisTemplate


class ClusterAnalysisTemplateManifest(AnyAnalysisTemplateManifest):
    """A ClusterAnalysisTemplate as somebody wrote it."""


def to_manifest(template: ClusterAnalysisTemplate) -> dict[str, Any]:
    """Write a ClusterAnalysisTemplate as Argo's JSON."""
    return manifest_to(
        "ClusterAnalysisTemplate",
        metadata_to(template),
        api_version=ARGO_API,
        spec=template.spec,
    )

"""``GET H/cluster-analysis-templates``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.api.v1beta1.lists import list_document, revision_now
from promotions.manifests import cluster_analysis_template as manifests
from promotions.manifests.metadata import ARGO_API
from promotions.selectors.templates import cluster_analysis_templates_in


class ListClusterAnalysisTemplates(TenantView):
    access_resource = "clusteranalysistemplates"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = list(cluster_analysis_templates_in(self.tenant))
        items = [manifests.to_manifest(row) for row in rows]
        return Response(
            list_document("ClusterAnalysisTemplate", items, revision=revision, api_version=ARGO_API)
        )

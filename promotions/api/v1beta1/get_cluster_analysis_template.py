"""``GET H/cluster-analysis-templates/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.manifests import cluster_analysis_template as manifests
from promotions.selectors.templates import cluster_analysis_template_named


class GetClusterAnalysisTemplate(TenantView):
    access_resource = "clusteranalysistemplates"
    access_verb = "get"
    access_name_in = "template"

    def get(self, _request: Request, *, template: str, **_: str) -> Response:
        return Response(
            manifests.to_manifest(cluster_analysis_template_named(self.tenant, template))
        )

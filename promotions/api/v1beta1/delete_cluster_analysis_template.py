"""``DELETE H/cluster-analysis-templates/{template}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView, gone
from promotions.selectors.templates import cluster_analysis_template_named
from promotions.services.analysis import delete_cluster_analysis_template


class DeleteClusterAnalysisTemplate(TenantView):
    access_resource = "clusteranalysistemplates"
    access_verb = "delete"
    access_name_in = "template"

    def delete(self, _request: Request, *, template: str, **_: str) -> Response:
        found = cluster_analysis_template_named(self.tenant, template)
        delete_cluster_analysis_template(found, actor=self.actor, now=self.now)
        return gone()

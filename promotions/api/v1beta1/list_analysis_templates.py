"""``GET P/analysis-templates``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document, revision_now
from promotions.manifests import analysis_template as manifests
from promotions.manifests.metadata import ARGO_API
from promotions.selectors.templates import analysis_templates_in


class ListAnalysisTemplates(ProjectView):
    access_resource = "analysistemplates"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = list(analysis_templates_in(self.project))
        items = [manifests.to_manifest(row) for row in rows]
        return Response(
            list_document("AnalysisTemplate", items, revision=revision, api_version=ARGO_API)
        )

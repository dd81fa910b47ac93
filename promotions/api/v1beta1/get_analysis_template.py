"""``GET P/analysis-templates/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import analysis_template as manifests
from promotions.selectors.templates import analysis_template_named


class GetAnalysisTemplate(ProjectView):
    access_resource = "analysistemplates"
    access_verb = "get"
    access_name_in = "template"

    def get(self, _request: Request, *, template: str, **_: str) -> Response:
        return Response(manifests.to_manifest(analysis_template_named(self.project, template)))

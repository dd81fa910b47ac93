"""``DELETE P/analysis-templates/{template}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, gone
from promotions.selectors.templates import analysis_template_named
from promotions.services.analysis import delete_analysis_template


class DeleteAnalysisTemplate(ProjectView):
    access_resource = "analysistemplates"
    access_verb = "delete"
    access_name_in = "template"

    def delete(self, _request: Request, *, template: str, **_: str) -> Response:
        delete_analysis_template(
            analysis_template_named(self.project, template), actor=self.actor, now=self.now
        )
        return gone()

"""``GET P/analysis-runs/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import analysis_run as manifests
from promotions.selectors.analysis_runs import analysis_run_named


class GetAnalysisRun(ProjectView):
    access_resource = "analysisruns"
    access_verb = "get"
    access_name_in = "run"

    def get(self, _request: Request, *, run: str, **_: str) -> Response:
        return Response(manifests.to_manifest(analysis_run_named(self.project, run)))

"""``GET P/analysis-runs/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import NotFoundError
from projects.rest import ProjectView


class GetAnalysisRun(ProjectView):
    """No run exists yet: nothing starts one before verification by analysis is set up."""

    access_resource = "analysisruns"
    access_verb = "get"
    access_name_in = "run"

    def get(self, _request: Request, *, run: str, **_: str) -> Response:
        raise NotFoundError(f'analysisruns.argoproj.io "{run}" not found')

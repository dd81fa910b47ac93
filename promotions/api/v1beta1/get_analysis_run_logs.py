"""``GET P/analysis-runs/{name}/logs``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import ConflictError
from common.rest.errors import NOT_CONFIGURED
from projects.rest import ProjectView


class GetAnalysisRunLogs(ProjectView):
    """There is no source of logs to stream from, which ``server-config`` says too."""

    access_resource = "analysisruns"
    access_verb = "get"
    access_name_in = "run"

    def get(self, _request: Request, **_: str) -> Response:
        raise ConflictError("log streaming is not configured", code=NOT_CONFIGURED)

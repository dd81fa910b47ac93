"""``GET P/analysis-runs/{name}/logs``."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from common.errors import ConflictError
from common.rest.errors import NOT_CONFIGURED
from projects.rest import ProjectView
from promotions.selectors.analysis_logs import has_jobs, log_of
from promotions.selectors.analysis_runs import analysis_run_named

_CHUNK_CHARACTERS = 64 * 1024


class GetAnalysisRunLogs(ProjectView):
    """What a job printed, as server-sent events; 501 where nothing runs jobs."""

    access_resource = "analysisruns"
    access_verb = "get"
    access_name_in = "run"

    def get(self, request: Request, *, run: str, **_: str) -> HttpResponse:
        if not settings.LOCAL_JOBS and not has_jobs(self.project):
            raise ConflictError("log streaming is not configured", code=NOT_CONFIGURED)
        text = log_of(
            analysis_run_named(self.project, run),
            metric=request.query_params.get("metricName", ""),
            container=request.query_params.get("containerName", ""),
        )
        return HttpResponse(
            b"".join(map(_event, _chunks(text))),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )


def _chunks(text: str) -> Iterator[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for start in range(0, len(text), _CHUNK_CHARACTERS):
        yield text[start : start + _CHUNK_CHARACTERS]


def _event(chunk: str) -> bytes:
    """Return a chunk as one event: clients put its lines together with newlines again."""
    lines = "".join(f"data: {line}\n" for line in chunk.split("\n"))
    return f"{lines}\n".encode()

"""``GET P/analysis-runs/{name}/logs``."""

from functools import partial

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from common.errors import ConflictError
from common.rest.errors import NOT_CONFIGURED
from projects.rest import ProjectView
from projects.selectors import runs_jobs
from promotions.api.v1beta1.watches import is_still_allowed
from promotions.live.job_logs import events_of, follow_log, follow_log_alone
from promotions.live.watching import Admission
from promotions.selectors.analysis_logs import has_jobs, log_of
from promotions.selectors.analysis_runs import analysis_run_named
from rbac.rest.authentication import bearer_in
from rbac.tokens import expiry_of

_EVENTS = "text/event-stream"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


class GetAnalysisRunLogs(ProjectView):
    """What a job prints until it ends, as server-sent events; 501 where nothing runs jobs."""

    access_resource = "analysisruns"
    access_verb = "get"
    access_name_in = "run"

    def get(self, request: Request, *, run: str, **_: str) -> HttpResponseBase:
        if not runs_jobs(self.tenant) and not has_jobs(self.project):
            raise ConflictError("log streaming is not configured", code=NOT_CONFIGURED)
        log = log_of(
            analysis_run_named(self.project, run),
            metric=request.query_params.get("metricName", ""),
            container=request.query_params.get("containerName", ""),
        )
        if log.is_over:
            text = b"".join(events_of(log.text))
            return HttpResponse(text, content_type=_EVENTS, headers=_HEADERS)
        raw: HttpRequest = request._request  # noqa: SLF001 -- DRF has no other name for it
        admission = Admission(
            partial(is_still_allowed, self, raw),
            tenant_uid=self.tenant.uid,
            expires_at=expiry_of(bearer_in(request)),
        )
        follow = follow_log if isinstance(raw, ASGIRequest) else follow_log_alone
        return StreamingHttpResponse(
            follow(log, admission=admission), content_type=_EVENTS, headers=_HEADERS
        )

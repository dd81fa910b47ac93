"""``GET P/freight?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from common.rest.requests import list_of
from projects.rest import ProjectView
from promotions.api.v1beta1.watches import position_of, stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch
from promotions.selectors.availability import requests_of
from promotions.selectors.stages import stage_named


class WatchFreight(ProjectView):
    """``origins`` keeps Freight of those Warehouses, ``stage`` of those that the Stage asks of.

    Not what is available to the Stage: that changes as time goes by, without any change.
    """

    access_resource = "freights"
    access_verb = "watch"

    def get(self, request: Request, **_: str) -> StreamingHttpResponse:
        wanted = list_of(request.query_params, "origins")
        if stage := request.query_params.get("stage"):
            found = stage_named(self.project, stage)
            wanted = [it.origin.name for it in requests_of(found)]
        watch = Watch(Topic(self.project.uid, "Freight"), wanted=frozenset(wanted))
        return stream(self, watch, since=position_of(request))

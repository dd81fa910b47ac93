"""``GET P/stages?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from common.rest.requests import list_of
from projects.rest import ProjectView
from promotions.api.v1beta1.watches import position_of, stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch


class WatchStages(ProjectView):
    """``freightOrigins`` keeps the Stages that ask for Freight of any of those Warehouses."""

    access_resource = "stages"
    access_verb = "watch"

    def get(self, request: Request, **_: str) -> StreamingHttpResponse:
        wanted = frozenset(list_of(request.query_params, "freightOrigins"))
        watch = Watch(Topic(self.project.uid, "Stage"), wanted=wanted, may_leave=True)
        return stream(self, watch, since=position_of(request))

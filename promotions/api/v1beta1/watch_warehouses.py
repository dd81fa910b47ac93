"""``GET P/warehouses?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from promotions.api.v1beta1.watches import position_of, stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch


class WatchWarehouses(ProjectView):
    access_resource = "warehouses"
    access_verb = "watch"

    def get(self, request: Request, **_: str) -> StreamingHttpResponse:
        watch = Watch(Topic(self.project.uid, "Warehouse"))
        return stream(self, watch, since=position_of(request))

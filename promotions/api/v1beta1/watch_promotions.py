"""``GET P/promotions?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from promotions.api.v1beta1.watches import position_of, stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch


class WatchPromotions(ProjectView):
    """``stage`` keeps the promotions to that Stage, whether or not it is there."""

    access_resource = "promotions"
    access_verb = "watch"

    def get(self, request: Request, **_: str) -> StreamingHttpResponse:
        stage = request.query_params.get("stage")
        wanted = frozenset({stage} if stage else ())
        watch = Watch(Topic(self.project.uid, "Promotion"), wanted=wanted)
        return stream(self, watch, since=position_of(request))

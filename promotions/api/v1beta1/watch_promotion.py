"""``GET P/promotions/{promotion}?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from promotions.api.v1beta1.watches import stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch
from promotions.selectors.timeline import promotion_named


class WatchPromotion(ProjectView):
    access_resource = "promotions"
    access_verb = "watch"
    access_name_in = "promotion"

    def get(self, _request: Request, *, promotion: str, **_: str) -> StreamingHttpResponse:
        found = promotion_named(self.project, promotion)
        return stream(self, Watch(Topic(self.project.uid, "Promotion", found.name)))

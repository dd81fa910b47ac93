"""``GET P/stages/{stage}?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from promotions.api.v1beta1.watches import stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch
from promotions.selectors.stages import stage_named


class WatchStage(ProjectView):
    access_resource = "stages"
    access_verb = "watch"
    access_name_in = "stage"

    def get(self, _request: Request, *, stage: str, **_: str) -> StreamingHttpResponse:
        found = stage_named(self.project, stage)
        return stream(self, Watch(Topic(self.project.uid, "Stage", found.name)))

"""``GET P/config?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from projects.selectors import project_config_of
from promotions.api.v1beta1.watches import stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch


class WatchProjectConfig(ProjectView):
    access_resource = "projectconfigs"
    access_verb = "watch"
    access_name_in = "project"

    def get(self, _request: Request, **_: str) -> StreamingHttpResponse:
        found = project_config_of(self.project)
        return stream(self, Watch(Topic(self.project.uid, "ProjectConfig", found.name)))

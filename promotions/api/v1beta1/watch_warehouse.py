"""``GET P/warehouses/{warehouse}?watch=true``."""

from django.http import StreamingHttpResponse
from rest_framework.request import Request

from projects.rest import ProjectView
from promotions.api.v1beta1.watches import stream
from promotions.live.messages import Topic
from promotions.live.watching import Watch
from promotions.selectors.warehouses import warehouse_named


class WatchWarehouse(ProjectView):
    access_resource = "warehouses"
    access_verb = "watch"
    access_name_in = "warehouse"

    def get(self, _request: Request, *, warehouse: str, **_: str) -> StreamingHttpResponse:
        found = warehouse_named(self.project, warehouse)
        return stream(self, Watch(Topic(self.project.uid, "Warehouse", found.name)))

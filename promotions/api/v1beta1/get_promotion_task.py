"""``GET P/promotion-tasks/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import promotion_task as manifests
from promotions.selectors.templates import promotion_task_named


class GetPromotionTask(ProjectView):
    access_resource = "promotiontasks"
    access_verb = "get"
    access_name_in = "task"

    def get(self, _request: Request, *, task: str, **_: str) -> Response:
        return Response(manifests.to_manifest(promotion_task_named(self.project, task)))

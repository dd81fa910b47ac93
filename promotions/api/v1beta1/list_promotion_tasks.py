"""``GET P/promotion-tasks``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document, revision_now
from promotions.manifests import promotion_task as manifests
from promotions.selectors.templates import promotion_tasks_in


class ListPromotionTasks(ProjectView):
    access_resource = "promotiontasks"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = list(promotion_tasks_in(self.project))
        items = [manifests.to_manifest(row) for row in rows]
        return Response(list_document("PromotionTask", items, revision=revision))

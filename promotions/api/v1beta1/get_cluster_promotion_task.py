"""``GET H/cluster-promotion-tasks/{name}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.manifests import cluster_promotion_task as manifests
from promotions.selectors.templates import cluster_promotion_task_named


class GetClusterPromotionTask(TenantView):
    access_resource = "clusterpromotiontasks"
    access_verb = "get"
    access_name_in = "task"

    def get(self, _request: Request, *, task: str, **_: str) -> Response:
        return Response(manifests.to_manifest(cluster_promotion_task_named(self.tenant, task)))

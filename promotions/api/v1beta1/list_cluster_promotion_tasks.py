"""``GET H/cluster-promotion-tasks``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.api.v1beta1.lists import list_document, revision_now
from promotions.manifests import cluster_promotion_task as manifests
from promotions.selectors.templates import cluster_promotion_tasks_in


class ListClusterPromotionTasks(TenantView):
    access_resource = "clusterpromotiontasks"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        revision = revision_now()
        rows = list(cluster_promotion_tasks_in(self.tenant))
        items = [manifests.to_manifest(row) for row in rows]
        return Response(list_document("ClusterPromotionTask", items, revision=revision))

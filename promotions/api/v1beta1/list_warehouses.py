"""``GET P/warehouses``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.api.v1beta1.lists import list_document, newest_revision
from promotions.manifests import warehouse as manifests
from promotions.selectors.warehouses import warehouses_in


class ListWarehouses(ProjectView):
    access_resource = "warehouses"
    access_verb = "list"

    def get(self, _request: Request, **_: str) -> Response:
        warehouses = list(warehouses_in(self.project))
        items = [manifests.to_manifest(warehouse) for warehouse in warehouses]
        return Response(list_document("Warehouse", items, revision=newest_revision(warehouses)))

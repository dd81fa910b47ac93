"""``GET P/warehouses/{warehouse}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView
from promotions.manifests import warehouse as manifests
from promotions.selectors.warehouses import warehouse_named


class GetWarehouse(ProjectView):
    access_resource = "warehouses"
    access_verb = "get"
    access_name_in = "warehouse"

    def get(self, _request: Request, *, warehouse: str, **_: str) -> Response:
        return Response(manifests.to_manifest(warehouse_named(self.project, warehouse)))

"""``DELETE P/warehouses/{warehouse}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, gone
from promotions.selectors.warehouses import warehouse_named
from promotions.services.warehouses import delete_warehouse


class DeleteWarehouse(ProjectView):
    access_resource = "warehouses"
    access_verb = "delete"
    access_name_in = "warehouse"

    def delete(self, _request: Request, *, warehouse: str, **_: str) -> Response:
        delete_warehouse(warehouse_named(self.project, warehouse), actor=self.actor, now=self.now)
        return gone()

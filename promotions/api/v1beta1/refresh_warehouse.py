"""``POST P/warehouses/{warehouse}/refresh``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, done
from promotions.selectors.warehouses import warehouse_named
from promotions.services.warehouses import refresh_warehouse


class RefreshWarehouse(ProjectView):
    """Whoever may look may ask to look again."""

    access_resource = "warehouses"
    access_verb = "get"
    access_name_in = "warehouse"

    def post(self, _request: Request, *, warehouse: str, **_: str) -> Response:
        refresh_warehouse(warehouse_named(self.project, warehouse), actor=self.actor, now=self.now)
        return done()

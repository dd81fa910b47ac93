"""``GET tenants/<tenant>/control-planes``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.control_plane_documents import page_of_control_planes
from promotions.api.v1.control_plane_view import ControlPlaneView


class ListControlPlanes(ControlPlaneView):
    """By name; ``after`` is the last name of the page before."""

    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return Response(page_of_control_planes(self.tenant, request.query_params, now=self.now))

"""``GET tenants/<tenant>/control-planes/<plane>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.control_plane_documents import control_plane_to
from promotions.api.v1.control_plane_view import ControlPlaneView


class GetControlPlane(ControlPlaneView):
    """With what the last check found, and never with its credential."""

    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(control_plane_to(self.plane(), now=self.now))

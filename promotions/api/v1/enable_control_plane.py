"""``POST tenants/<tenant>/control-planes/<plane>/enable``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.control_plane_documents import control_plane_to
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_planes import enable_control_plane


class EnableControlPlane(ControlPlaneView):
    """Switches it on again; it is checked at once."""

    access_verb = "update"

    def post(self, _request: Request, **_: str) -> Response:
        enable_control_plane(self.plane(), actor=self.actor, now=self.now)
        return Response(control_plane_to(self.plane(), now=self.now))

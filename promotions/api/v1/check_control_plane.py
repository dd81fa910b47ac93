"""``POST tenants/<tenant>/control-planes/<plane>/check``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions import wiring
from promotions.api.v1.control_plane_documents import control_plane_to
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_plane_checks import check_control_plane


class CheckControlPlane(ControlPlaneView):
    """Asks Argo CD now who we are and what we may do, and says in words what is missing."""

    access_verb = "update"

    def post(self, _request: Request, **_: str) -> Response:
        checked = check_control_plane(
            self.plane(), argocds=wiring.argocds(), actor=self.actor, now=self.now
        )
        return Response(control_plane_to(checked, now=self.now))

"""``DELETE tenants/<tenant>/control-planes/<plane>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import gone
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_planes import delete_control_plane


class DeleteControlPlane(ControlPlaneView):
    """Its credential is destroyed; nothing changes in Argo CD."""

    access_verb = "delete"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_control_plane(self.plane(), actor=self.actor, now=self.now)
        return gone()

"""``PATCH tenants/<tenant>/control-planes/<plane>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from promotions.api.v1.control_plane_documents import changed_control_plane_from, control_plane_to
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_planes import update_control_plane


class UpdateControlPlane(ControlPlaneView):
    """What the body does not name stays, the credential too; null takes away.

    A credential that is given takes the place of the current one; ``rotate`` keeps both a while.
    """

    access_verb = "update"

    def patch(self, request: Request, **_: str) -> Response:
        plane = self.plane()
        manifest = changed_control_plane_from(read_json_object(request), plane)
        saved = update_control_plane(plane, manifest, actor=self.actor, now=self.now)
        return Response(control_plane_to(saved.resource, now=self.now))

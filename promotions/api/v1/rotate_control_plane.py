"""``POST tenants/<tenant>/control-planes/<plane>/rotate``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from promotions.api.v1.control_plane_documents import control_plane_to, credential_from
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_planes import rotate_control_plane


class RotateControlPlane(ControlPlaneView):
    """Gives it its next credential; the current one is forgotten once a check accepts the next."""

    access_verb = "update"

    def post(self, request: Request, **_: str) -> Response:
        credential = credential_from(read_json_object(request))
        rotate_control_plane(self.plane(), credential, actor=self.actor, now=self.now)
        return Response(control_plane_to(self.plane(), now=self.now))

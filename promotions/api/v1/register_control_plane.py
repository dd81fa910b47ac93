"""``POST tenants/<tenant>/control-planes``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from promotions.api.v1.control_plane_documents import control_plane_to, new_control_plane_from
from promotions.api.v1.control_plane_view import ControlPlaneView
from promotions.services.control_planes import register_control_plane


class RegisterControlPlane(ControlPlaneView):
    """A worker of its shard checks it at once; the document then says what it may do."""

    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        manifest = new_control_plane_from(read_json_object(request))
        made = register_control_plane(self.tenant, manifest, actor=self.actor, now=self.now)
        return Response(control_plane_to(made, now=self.now), status=201)

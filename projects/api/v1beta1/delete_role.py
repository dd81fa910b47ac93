"""``DELETE P/roles/{role}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_frame import ProjectAccessView, bad_input, require_parts
from rbac.services.roles import delete_role


class DeleteRole(ProjectAccessView):
    access_resource = "roles"
    access_verb = "delete"
    access_name_in = "role"

    def delete(self, _request: Request, *, role: str, **_: str) -> Response:
        require_parts(self, name=role)
        with bad_input():
            delete_role(self.where, role, actor=self.actor, now=self.now)
        return Response(status=204)

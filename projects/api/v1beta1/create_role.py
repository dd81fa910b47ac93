"""``POST P/roles``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_bodies import checked_name, read_role
from projects.api.v1beta1.role_frame import ProjectAccessView, bad_input, require_parts
from rbac.selectors.role_documents import kargo_role_document
from rbac.services.roles import create_role


class CreateRole(ProjectAccessView):
    access_resource = "roles"
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        require_parts(self)
        draft = read_role(request, namespace=self.project.name)
        checked_name(draft.name, "Role")
        with bad_input():
            role = create_role(self.where, draft, actor=self.actor, now=self.now)
        return Response(kargo_role_document(role), status=201)

"""``PUT P/roles/{role}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from projects.api.v1beta1.role_bodies import read_role
from projects.api.v1beta1.role_frame import ProjectAccessView, bad_input, require_parts
from rbac.selectors.role_documents import kargo_role_document
from rbac.services.roles import update_role


class UpdateRole(ProjectAccessView):
    """Replaces the rules, the claims and the description."""

    access_resource = "roles"
    access_verb = "update"
    access_name_in = "role"

    def put(self, request: Request, *, role: str, **_: str) -> Response:
        require_parts(self, name=role)
        draft = read_role(request, namespace=self.project.name)
        if draft.name != role:
            raise bad_request(f'metadata.name is "{draft.name}", but "{role}" is asked for')
        with bad_input():
            updated = update_role(self.where, draft, actor=self.actor, now=self.now)
        return Response(kargo_role_document(updated))

"""``POST P/roles/revocations``: a role from people by claims, or a permission from a role."""

from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_bodies import read_grant
from projects.api.v1beta1.role_frame import ProjectAccessView, bad_input, require_parts
from rbac.selectors.role_documents import kargo_role_document
from rbac.services.role_claims import revoke_from_users
from rbac.services.role_permissions import revoke_permission


class Revoke(ProjectAccessView):
    access_resource = "roles"
    access_verb = "update"

    def post(self, request: Request, **_: str) -> Response:
        require_parts(self)
        asked = read_grant(request)
        if asked.permission is None:
            change = partial(revoke_from_users, self.where, asked.role, asked.claims)
        else:
            change = partial(revoke_permission, self.where, asked.role, asked.permission)
        with bad_input():
            role = change(actor=self.actor, now=self.now)
        return Response(kargo_role_document(role))

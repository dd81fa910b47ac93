"""``GET P/roles`` and ``GET S/roles``: a bare array, sorted by name."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_frame import (
    AccessView,
    ProjectAccessView,
    SystemAccessView,
    require_parts,
    shown,
)
from rbac.selectors.roles import kargo_roles


class ListProjectRoles(ProjectAccessView):
    access_resource = "roles"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return _list(self, request)


class ListSystemRoles(SystemAccessView):
    access_resource = "roles"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return _list(self, request)


def _list(view: AccessView, request: Request) -> Response:
    require_parts(view)
    return Response([shown(role, request) for role in kargo_roles(view.where)])

"""``GET P/roles/{role}`` and ``GET S/roles/{role}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_frame import (
    AccessView,
    ProjectAccessView,
    SystemAccessView,
    require_parts,
    shown,
)
from rbac.selectors.roles import kargo_role


class GetProjectRole(ProjectAccessView):
    access_resource = "roles"
    access_verb = "get"
    access_name_in = "role"

    def get(self, request: Request, *, role: str, **_: str) -> Response:
        return _get(self, role, request)


class GetSystemRole(SystemAccessView):
    access_resource = "roles"
    access_verb = "get"
    access_name_in = "role"

    def get(self, request: Request, *, role: str, **_: str) -> Response:
        return _get(self, role, request)


def _get(view: AccessView, name: str, request: Request) -> Response:
    require_parts(view, name=name)
    return Response(shown(kargo_role(view.where, name), request))

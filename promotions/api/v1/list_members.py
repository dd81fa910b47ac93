"""``GET members`` and ``GET P/members``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, TenantView
from promotions.api.v1.members import members_page


class ListMembers(TenantView):
    """People who hold system roles of the tenant by themselves, not by claims."""

    access_resource = "rolebindings"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return Response(members_page(self.tenant, None, request.query_params))


class ListProjectMembers(ProjectView):
    access_resource = "rolebindings"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return Response(members_page(self.tenant, self.project, request.query_params))

"""``POST members`` and ``POST P/members``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from projects.rest import ProjectView, TenantView
from projects.services.members import grant_member
from promotions.api.v1.members import grant_from, membership_to


class GrantMember(TenantView):
    access_resource = "rolebindings"
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        person, role = grant_from(read_json_object(request))
        made = grant_member(self.tenant, None, person, role, actor=self.actor, now=self.now)
        return Response(membership_to(made), status=201)


class GrantProjectMember(ProjectView):
    access_resource = "rolebindings"
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        person, role = grant_from(read_json_object(request))
        made = grant_member(self.tenant, self.project, person, role, actor=self.actor, now=self.now)
        return Response(membership_to(made), status=201)

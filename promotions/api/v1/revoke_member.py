"""``DELETE members/<username>/roles/<role>`` and ``DELETE P/members/…``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import ProjectView, TenantView, gone
from projects.services.members import revoke_member


class RevokeMember(TenantView):
    access_resource = "rolebindings"
    access_verb = "delete"

    def delete(self, _request: Request, *, username: str, role: str, **_: str) -> Response:
        revoke_member(self.tenant, None, username, role, actor=self.actor, now=self.now)
        return gone()


class RevokeProjectMember(ProjectView):
    access_resource = "rolebindings"
    access_verb = "delete"

    def delete(self, _request: Request, *, username: str, role: str, **_: str) -> Response:
        revoke_member(self.tenant, self.project, username, role, actor=self.actor, now=self.now)
        return gone()

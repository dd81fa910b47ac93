"""``DELETE P/api-tokens/{apitoken}`` and ``DELETE S/api-tokens/{apitoken}``: it stops at once."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_frame import AccessView, ProjectAccessView, SystemAccessView
from projects.services.role_tokens import delete_role_token


class DeleteProjectApiToken(ProjectAccessView):
    access_resource = "secrets"
    access_verb = "delete"
    access_name_in = "apitoken"

    def delete(self, _request: Request, *, apitoken: str, **_: str) -> Response:
        return _delete(self, apitoken)


class DeleteSystemApiToken(SystemAccessView):
    access_resource = "secrets"
    access_verb = "delete"
    access_name_in = "apitoken"

    def delete(self, _request: Request, *, apitoken: str, **_: str) -> Response:
        return _delete(self, apitoken)


def _delete(view: AccessView, name: str) -> Response:
    delete_role_token(view.where, name, actor=view.actor, now=view.now)
    return Response(status=204)

"""``GET P/api-tokens/{apitoken}`` and ``GET S/api-tokens/{apitoken}``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request
from projects.api.v1beta1.role_frame import AccessView, ProjectAccessView, SystemAccessView
from projects.services.role_tokens import is_other_secret
from rbac.selectors.role_documents import token_document
from rbac.selectors.tokens import token_of_role


class GetProjectApiToken(ProjectAccessView):
    access_resource = "secrets"
    access_verb = "get"
    access_name_in = "apitoken"

    def get(self, _request: Request, *, apitoken: str, **_: str) -> Response:
        return _get(self, apitoken)


class GetSystemApiToken(SystemAccessView):
    access_resource = "secrets"
    access_verb = "get"
    access_name_in = "apitoken"

    def get(self, _request: Request, *, apitoken: str, **_: str) -> Response:
        return _get(self, apitoken)


def _get(view: AccessView, name: str) -> Response:
    where = view.where
    if is_other_secret(where, name):
        raise bad_request(
            f'Secret "{name}" in namespace "{where.namespace}" is not labeled as a Kargo API token'
        )
    return Response(token_document(token_of_role(where.tenant_uid, where.namespace, name)))

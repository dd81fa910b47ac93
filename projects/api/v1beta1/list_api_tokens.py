"""``GET P/api-tokens?role=`` and ``GET S/api-tokens?role=``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.api.v1beta1.role_frame import AccessView, ProjectAccessView, SystemAccessView
from rbac.selectors.role_documents import token_document, token_list_document
from rbac.selectors.roles import kargo_role
from rbac.selectors.tokens import tokens_of_roles


class ListProjectApiTokens(ProjectAccessView):
    access_resource = "secrets"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return _list(self, request)


class ListSystemApiTokens(SystemAccessView):
    access_resource = "secrets"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return _list(self, request)


def _list(view: AccessView, request: Request) -> Response:
    role = request.query_params.get("role", "")
    tokens = tokens_of_roles(view.where.tenant_uid, view.where.namespace)
    if role:
        tokens = tokens.filter(service_account=kargo_role(view.where, role).account)
    found = sorted(tokens, key=lambda token: token.name)
    return Response(token_list_document([token_document(token) for token in found]))

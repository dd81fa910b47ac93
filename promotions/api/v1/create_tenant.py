"""``POST tenants``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object, text_of
from projects.services.quotas import quota_of
from projects.services.tenants import create_tenant
from promotions.api.v1.operator_view import OperatorView, refuse_unknown
from promotions.api.v1.tenant_documents import limits_from, tenant_to


class CreateTenant(OperatorView):
    access_resource = "tenants"
    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        body = read_json_object(request)
        refuse_unknown(body, "name", "title", "quota")
        tenant = create_tenant(
            text_of(body, "name"),
            title=text_of(body, "title"),
            limits=limits_from(body),
            actor=self.actor,
            now=self.now,
        )
        return Response(tenant_to(tenant, quota_of(tenant.uid)), status=201)

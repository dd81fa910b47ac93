"""``POST tenants/<name>/suspend``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object, text_of
from projects.services.quotas import quota_of
from projects.services.tenants import suspend_tenant
from promotions.api.v1.operator_view import OperatorView, refuse_unknown
from promotions.api.v1.tenant_documents import tenant_to


class SuspendTenant(OperatorView):
    access_resource = "tenants"
    access_verb = "update"
    access_name_in = "name"

    def post(self, request: Request, **_: str) -> Response:
        body = read_json_object(request)
        refuse_unknown(body, "reason")
        tenant = self.subject()
        suspend_tenant(tenant, actor=self.actor, reason=text_of(body, "reason"), now=self.now)
        return Response(tenant_to(tenant, quota_of(tenant.uid)))

"""``GET tenants/<name>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.services.quotas import quota_of
from promotions.api.v1.operator_view import OperatorView
from promotions.api.v1.tenant_documents import tenant_to, usage_to
from promotions.services.usage import usage_of


class GetTenant(OperatorView):
    access_resource = "tenants"
    access_verb = "get"
    access_name_in = "name"

    def get(self, _request: Request, **_: str) -> Response:
        tenant = self.subject()
        document = tenant_to(tenant, quota_of(tenant.uid))
        return Response({**document, "usage": usage_to(usage_of(tenant))})

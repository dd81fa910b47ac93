"""``GET usage``."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import TenantView
from promotions.api.v1.tenant_documents import usage_to
from promotions.services.usage import usage_of


class GetUsage(TenantView):
    """For whoever administers the tenant: what it uses, and how much it may."""

    access_resource = "tenants"
    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(usage_to(usage_of(self.tenant)))

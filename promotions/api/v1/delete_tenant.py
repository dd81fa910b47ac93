"""``DELETE tenants/<name>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object, text_of
from projects.services.quotas import quota_of
from promotions.api.v1.operator_view import OperatorView, refuse_unknown
from promotions.api.v1.tenant_documents import tenant_to
from promotions.services.tenants import delete_tenant


class DeleteTenant(OperatorView):
    """The body holds the tenant's name again, as ``confirmation``. Workers do the rest: 202."""

    access_resource = "tenants"
    access_verb = "delete"
    access_name_in = "name"

    def delete(self, request: Request, **_: str) -> Response:
        body = read_json_object(request)
        refuse_unknown(body, "confirmation", "reason")
        tenant = self.subject()
        delete_tenant(
            tenant,
            confirmation=text_of(body, "confirmation"),
            actor=self.actor,
            reason=text_of(body, "reason"),
            now=self.now,
        )
        return Response(tenant_to(tenant, quota_of(tenant.uid)), status=202)

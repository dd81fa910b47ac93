"""``PATCH tenants/<name>``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object, text_of
from projects.services.quotas import quota_of
from promotions.api.v1.operator_view import OperatorView, refuse_unknown
from promotions.api.v1.tenant_documents import limits_from, tenant_to
from promotions.services.tenants import update_tenant


class UpdateTenant(OperatorView):
    """What the body does not name stays; a limit that is null is none."""

    access_resource = "tenants"
    access_verb = "update"
    access_name_in = "name"

    def patch(self, request: Request, **_: str) -> Response:
        body = read_json_object(request)
        refuse_unknown(body, "title", "quota")
        tenant = self.subject()
        update_tenant(
            tenant,
            title=text_of(body, "title") if "title" in body else None,
            limits=limits_from(body),
            actor=self.actor,
            now=self.now,
        )
        return Response(tenant_to(tenant, quota_of(tenant.uid)))

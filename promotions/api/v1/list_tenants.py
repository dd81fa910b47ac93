"""``GET tenants``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import bad_request, count_of
from projects.models import Quota
from projects.selectors import tenants_after
from promotions.api.v1.operator_view import OperatorView
from promotions.api.v1.tenant_documents import tenant_to

PAGE, LARGEST_PAGE = 100, 1000


class ListTenants(OperatorView):
    """By name; ``after`` is the last name of the page before, ``filter`` a part of names."""

    access_resource = "tenants"
    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        query = request.query_params
        limit = count_of(query, "limit") or PAGE
        if limit > LARGEST_PAGE:
            raise bad_request(f'"limit" is at most {LARGEST_PAGE}')
        rows = tenants_after(query.get("after", ""), containing=query.get("filter", ""))
        found = list(rows[: limit + 1])
        shown = found[:limit]
        quotas = {it.tenant_id: it for it in Quota.objects.filter(tenant__in=shown)}
        items = [tenant_to(tenant, quotas.get(tenant.pk)) for tenant in shown]
        return Response({"items": items, "after": shown[-1].name if found[limit:] else None})

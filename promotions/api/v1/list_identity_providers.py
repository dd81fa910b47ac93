"""``GET tenants/<tenant>/identity-providers`` and ``GET identity-providers``."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.identity_provider_documents import page_of_providers
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView


class ListIdentityProviders(TenantProviderView):
    """A tenant's own, by name; ``after`` is the last name of the page before."""

    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return Response(page_of_providers(self.tenant, request.query_params))


class ListPlatformIdentityProviders(PlatformProviderView):
    """Those that count in every tenant, by name; ``after`` is the last name of the page before."""

    access_verb = "list"

    def get(self, request: Request, **_: str) -> Response:
        return Response(page_of_providers(None, request.query_params))

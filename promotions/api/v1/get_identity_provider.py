"""``GET tenants/<tenant>/identity-providers/<provider>``, and of the platform's own."""

from rest_framework.request import Request
from rest_framework.response import Response

from promotions.api.v1.identity_provider_documents import provider_to
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView


class GetIdentityProvider(TenantProviderView):
    """With the addresses to register at the provider, and never with its secret."""

    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(provider_to(self.provider()))


class GetPlatformIdentityProvider(PlatformProviderView):
    """With the addresses to register at the provider, and never with its secret."""

    access_verb = "get"

    def get(self, _request: Request, **_: str) -> Response:
        return Response(provider_to(self.provider()))

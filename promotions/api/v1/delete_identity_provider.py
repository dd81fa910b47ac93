"""``DELETE tenants/<tenant>/identity-providers/<provider>``, and of the platform's own."""

from rest_framework.request import Request
from rest_framework.response import Response

from projects.rest import gone
from projects.services.identity_providers import delete_identity_provider
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView


class DeleteIdentityProvider(TenantProviderView):
    """The sessions of its people end; their accounts stay."""

    access_verb = "delete"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_identity_provider(self.provider(), actor=self.actor, now=self.now)
        return gone()


class DeletePlatformIdentityProvider(PlatformProviderView):
    """The sessions of its people end; their accounts stay."""

    access_verb = "delete"

    def delete(self, _request: Request, **_: str) -> Response:
        delete_identity_provider(self.provider(), actor=self.actor, now=self.now)
        return gone()

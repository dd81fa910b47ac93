"""``PATCH tenants/<tenant>/identity-providers/<provider>``, and of the platform's own."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from projects.models import IdentityProvider
from projects.services.identity_providers import spec_of, update_identity_provider
from promotions.api.v1.identity_provider_documents import (
    changed_spec_from,
    in_words_of_the_api,
    provider_to,
)
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView


class UpdateIdentityProvider(TenantProviderView):
    """What the body does not name stays, the secret too; ``clientSecret: null`` takes it away.

    Switching it off, or to another issuer, ends the sessions of its people.
    """

    access_verb = "update"

    def patch(self, request: Request, **_: str) -> Response:
        return _update(self, self.provider(), request)


class UpdatePlatformIdentityProvider(PlatformProviderView):
    """What the body does not name stays, the secret too; ``clientSecret: null`` takes it away.

    Switching it off, or to another issuer, ends the sessions of its people.
    """

    access_verb = "update"

    def patch(self, request: Request, **_: str) -> Response:
        return _update(self, self.provider(), request)


def _update(
    view: TenantProviderView | PlatformProviderView, provider: IdentityProvider, request: Request
) -> Response:
    spec = changed_spec_from(read_json_object(request), spec_of(provider))
    with in_words_of_the_api():
        update_identity_provider(provider, spec, actor=view.actor, now=view.now)
    return Response(provider_to(provider))

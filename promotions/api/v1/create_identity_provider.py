"""``POST tenants/<tenant>/identity-providers`` and ``POST identity-providers``."""

from rest_framework.request import Request
from rest_framework.response import Response

from common.rest.requests import read_json_object
from projects.services.identity_providers import create_identity_provider
from promotions.api.v1.identity_provider_documents import (
    in_words_of_the_api,
    new_spec_from,
    provider_to,
)
from promotions.api.v1.identity_provider_views import PlatformProviderView, TenantProviderView


class CreateIdentityProvider(TenantProviderView):
    """What it says of people will count in this tenant alone. No ``clientSecret``: public."""

    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        spec = new_spec_from(read_json_object(request))
        with in_words_of_the_api():
            made = create_identity_provider(self.tenant, spec, actor=self.actor, now=self.now)
        return Response(provider_to(made), status=201)


class CreatePlatformIdentityProvider(PlatformProviderView):
    """What it says of people will count in every tenant. No ``clientSecret``: public."""

    access_verb = "create"

    def post(self, request: Request, **_: str) -> Response:
        spec = new_spec_from(read_json_object(request))
        with in_words_of_the_api():
            made = create_identity_provider(None, spec, actor=self.actor, now=self.now)
        return Response(provider_to(made), status=201)

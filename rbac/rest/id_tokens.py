"""Takes the ID tokens of identity providers, as ``kargo login --sso`` sends them."""

import logging
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.clock import now
from common.errors import PlatformError
from common.jsontypes import JSONValue
from rbac.actors import Actor
from rbac.models import User
from rbac.oidc.people import person_in
from rbac.oidc.providers import Provider, ProviderFinder
from rbac.oidc.verification import InvalidIdTokenError, verify_id_token
from rbac.origin import address_of
from rbac.rest.authentication import bearer_in
from rbac.selectors.identities import actor_of_identity
from rbac.services.identities import Sighting, recognise_person, said_at
from rbac.tokens import foreign_issuer, unverified_claims

logger = logging.getLogger(__name__)


class IdTokenAuthentication(BaseAuthentication):
    """Takes ``Authorization: [Bearer ]<ID token>`` of a provider that the tenant trusts.

    What the token says of its issuer and audience only chooses whose keys it is checked with.
    """

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return whose token it is and the actor, or ``None`` if there is no such token."""
        text = bearer_in(request)
        issuer = foreign_issuer(text)
        if not issuer:
            return None
        provider: Provider | None = None
        try:
            provider = _provider(issuer, text, request)
            claims = verify_id_token(text, provider, audiences=provider.audiences)
            return _recognised(claims, provider, request)
        except PlatformError as error:
            name = provider.name if provider else ""
            facts = {"provider": name, "code": error.code, "reason": error.message}
            logger.warning("ID token refused", extra=facts)
            raise AuthenticationFailed from error

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes a refusal 401 rather than 403."""
        del request
        return "Bearer"


def _provider(issuer: str, text: str, request: Request) -> Provider:
    """Return the provider that issued a token for one of its clients, by what the token says."""
    find: ProviderFinder = import_string(settings.IDENTITY_PROVIDER_FINDER)
    view_kwargs = request.parser_context.get("kwargs", {})
    audiences = _texts(unverified_claims(text).get("aud"))
    for provider in find(issuer, str(view_kwargs.get("tenant", ""))):
        if provider.audiences & audiences:
            return provider
    raise InvalidIdTokenError("nobody here trusts its issuer for its audience")


def _recognised(
    claims: Mapping[str, JSONValue], provider: Provider, request: Request
) -> tuple[User, Actor]:
    person, address = person_in(claims, provider), address_of(request)
    sighting = Sighting(person, provider, said_at(claims), address)
    identity = recognise_person(sighting, now=now())
    actor = actor_of_identity(
        identity, address=address, claims=person.claims, name=person.actor_name
    )
    return identity.user, actor


def _texts(value: JSONValue) -> frozenset[str]:
    listed: Sequence[JSONValue] = value if isinstance(value, list) else [value]
    return frozenset(it for it in listed if isinstance(it, str))

"""Signs in whom an OpenID provider vouches for: mozilla-django-oidc, hardened.

The library takes one provider from the settings, does not check who issued a token and for whom,
finds people by their address whether or not it is verified, and asks the provider with no bounds
of time and size. Here the provider comes with the attempt, and every step is one of ``rbac.oidc``.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from common.clock import now
from common.errors import PlatformError
from common.jsontypes import JSONValue
from rbac.audit import PLATFORM
from rbac.models import Identity, User
from rbac.oidc.exchange import fetch_userinfo, redeem_code
from rbac.oidc.people import person_in
from rbac.oidc.providers import Provider
from rbac.oidc.verification import InvalidIdTokenError, check_storable, verify_id_token
from rbac.origin import address_of
from rbac.selectors.identities import actor_of_identity
from rbac.selectors.second_factor import SESSION_KEY
from rbac.services.identities import Sighting, recognise_person, said_at
from rbac.services.sign_ins import note_sign_in

logger = logging.getLogger(__name__)

ATTEMPT: Final = "oidc_attempt"
"""The attribute of a request that holds its :class:`Attempt`."""
LIBRARY_SETTINGS: Final[Mapping[str, Any]] = {
    "OIDC_USE_NONCE": True,
    "OIDC_USE_PKCE": True,
    "OIDC_PKCE_CODE_CHALLENGE_METHOD": "S256",
    "OIDC_AUTHENTICATION_CALLBACK_URL": "account_login",  # replaced by the attempt's own
}
"""What the library is told instead of what the settings say."""


@dataclass(slots=True)
class Attempt:
    """A sign-in that is to be finished; the last two are there once it has succeeded."""

    provider: Provider
    redirect_uri: str
    client_secret: str = field(repr=False)
    identity: Identity | None = None
    id_token: str = field(default="", repr=False)


class OidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc] # the library has no types
    """Redeems the code that a provider sent somebody back with."""

    def __init__(self) -> None:
        self.UserModel = get_user_model()
        self.OIDC_RP_CLIENT_ID = self.OIDC_RP_CLIENT_SECRET = ""

    def get_settings(self, name: str, *default: Any) -> Any:
        """Return a setting of the library."""
        return LIBRARY_SETTINGS.get(name, *default)

    def authenticate(self, request: HttpRequest | None, **kwargs: Any) -> User | None:
        """Return who has come back, or ``None`` if this is no sign-in with a provider.

        Raises:
            InvalidIdTokenError: The provider's token does not hold.
            UpstreamError: The provider refuses the code, or cannot be reached.
            ForbiddenError: The account is switched off.
        """
        attempt = getattr(request, ATTEMPT, None)
        if not isinstance(attempt, Attempt):
            return None
        self.attempt = attempt
        user: User | None = super().authenticate(request, **kwargs)
        return user

    def get_token(self, payload: Mapping[str, str]) -> dict[str, str]:
        """Redeem the code."""
        attempt = self.attempt
        tokens = redeem_code(
            attempt.provider,
            code=payload["code"],
            verifier=payload["code_verifier"],
            redirect_uri=attempt.redirect_uri,
            client_secret=attempt.client_secret,
        )
        return {"id_token": tokens.id_token, "access_token": tokens.access_token}

    def verify_token(self, token: str, *, nonce: str = "", **_: Any) -> Mapping[str, JSONValue]:
        """Return what the ID token claims: for this client, and in answer to this attempt."""
        provider = self.attempt.provider
        return verify_id_token(token, provider, audiences={provider.client_id}, nonce=nonce)

    def get_or_create_user(
        self, access_token: str, id_token: str, payload: Mapping[str, JSONValue]
    ) -> User:
        """Return the account of whom the token is about, made the first time."""
        provider = self.attempt.provider
        claims = {**self._userinfo(access_token, payload), **payload}
        sighting = Sighting(
            person_in(claims, provider), provider, said_at(payload), address_of(self.request)
        )
        self.attempt.identity = recognise_person(sighting, now=now())
        self.attempt.id_token = id_token
        return self.attempt.identity.user

    def get_user(self, user_id: Any) -> User | None:
        """Return who has signed in, unless no provider vouches for them any more."""
        rows = User.objects.filter(identities__revoked_at__isnull=True, identities__isnull=False)
        try:
            return rows.distinct().get(pk=user_id, is_active=True)
        except ObjectDoesNotExist:
            return None

    def _userinfo(
        self, access_token: str, payload: Mapping[str, JSONValue]
    ) -> Mapping[str, JSONValue]:
        """Return what the ID token leaves out of what people are known by, if the provider says.

        Without it somebody has fewer claims, and so never more rights.
        """
        provider = self.attempt.provider
        if {provider.username_claim, provider.groups_claim} <= payload.keys():
            return {}
        try:
            said = fetch_userinfo(provider, access_token=access_token)
        except PlatformError as error:
            facts = {"provider": provider.name, "reason": error.message}
            logger.warning("userinfo cannot be had", extra=facts)
            return {}
        if said and said.get("sub") != payload["sub"]:
            raise InvalidIdTokenError("the userinfo is about somebody else")
        check_storable(said)
        return said


def start_session(request: HttpRequest, identity: Identity, *, via: str) -> None:
    """Sign in whom a provider has just vouched for, under a new session key, for some hours."""
    actor = actor_of_identity(identity, address=address_of(request))
    tenant_uid = identity.tenant_uid or PLATFORM
    note_sign_in(identity.user, via=via, actor=actor, now=now(), tenant_uid=tenant_uid)
    backend = f"{OidcBackend.__module__}.{OidcBackend.__qualname__}"
    login(request, identity.user, backend=backend)
    request.session[SESSION_KEY] = str(identity.uid)
    request.session.set_expiry(settings.SSO_SESSION_SECONDS)

"""Signing in with services that have no OpenID Connect or no PKCE: GitHub, GitLab and Google.

allauth speaks with them; whom they vouch for is recognised as people of any other provider are,
so allauth keeps no accounts. Only a verified address in one of ``KARGO_SOCIAL_SIGNUP_DOMAINS`` lets
somebody in.
"""

import logging
import re
import time
from typing import Any, NoReturn
from uuid import NAMESPACE_URL, uuid5

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from requests import Session  # noqa: TID251 - a type; what is sent goes through common.http

from common.clock import now
from common.errors import PlatformError
from common.jsontypes import JSONValue
from projects.portal.social_calls import checked_session
from rbac.addresses import is_own_page
from rbac.backends import start_session
from rbac.oidc.people import person_in
from rbac.oidc.providers import Provider
from rbac.oidc.verification import InvalidIdTokenError
from rbac.origin import address_of
from rbac.services.identities import Sighting, recognise_person, said_at

logger = logging.getLogger(__name__)

_ID = re.compile(r"[0-9]{1,40}")
"""How all three services name an account: by a number."""
_REFUSED = (
    "Signing in did not work: a verified address of your organisation is needed. Ask your operator."
)


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Takes people in, before allauth would make an account or connect one."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Refuse everybody: who may come in has come in before this is asked."""
        del request, sociallogin
        return False

    def get_app(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> SocialApp:
        """Return how this platform is registered with a service, or say that it is not."""
        try:
            return super().get_app(request, provider, client_id=client_id)
        except SocialApp.DoesNotExist as error:
            raise Http404(provider) from error

    def get_requests_session(self) -> Session:
        """Return what allauth asks the services with."""
        return checked_session()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> NoReturn:
        """Sign somebody in whom the service vouches for, or send them away."""
        if sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise ImmediateHttpResponse(sent_away(request, reason="no sign-in"))
        try:
            provider, claims = _provider(sociallogin), _claims(sociallogin)
            person = person_in(claims, provider)
            sighting = Sighting(person, provider, said_at(claims), address_of(request))
            identity = recognise_person(sighting, now=now())
        except PlatformError as error:
            raise ImmediateHttpResponse(sent_away(request, reason=error.message)) from error
        page = _page(sociallogin)
        start_session(request, identity, via=provider.name)
        raise ImmediateHttpResponse(HttpResponseRedirect(page))


def sent_away(request: HttpRequest, *, reason: str) -> HttpResponseRedirect:
    """Show the sign-in page to somebody who has not got in; why is for the log."""
    logger.warning("social sign-in refused", extra={"reason": reason})
    messages.error(request, _REFUSED)
    return HttpResponseRedirect(reverse("account_login"))


def _provider(sociallogin: SocialLogin) -> Provider:
    """Return the service as a provider of the platform's own, which lets in the domains alone."""
    name = str(sociallogin.account.provider)
    issuer = settings.SOCIAL_ISSUERS[name]
    return Provider(
        uid=uuid5(NAMESPACE_URL, issuer),
        name=name,
        issuer=issuer,
        client_id=name,
        email_domains=frozenset(settings.SOCIAL_SIGNUP_DOMAINS) or frozenset({"."}),
    )


def _claims(sociallogin: SocialLogin) -> dict[str, JSONValue]:
    """Return what the service says, as claims that no other provider's are taken for.

    Of names that people choose, only one under the service's own name: ``github``, ``gitlab``.

    Raises:
        InvalidIdTokenError: It does not say whom it is about.
    """
    name, told = str(sociallogin.account.provider), sociallogin.account.extra_data
    if not _ID.fullmatch(str(sociallogin.account.uid)):
        raise InvalidIdTokenError("the service does not say whom it vouches for")
    chosen = told.get("login") or told.get("username")
    email = _verified_address(sociallogin)
    claims: dict[str, JSONValue] = {
        "sub": f"{name}|{sociallogin.account.uid}",
        "iat": int(time.time()),
        "name": str(told.get("name") or ""),
        **({"email": email, "email_verified": True} if email else {}),
        **({name: str(chosen)} if chosen else {}),
    }
    return claims


def _verified_address(sociallogin: SocialLogin) -> str:
    """Return the address to know somebody by: verified, of a domain that is let in, the first."""
    told: dict[str, Any] = sociallogin.account.extra_data
    verified = [(it.primary, str(it.email)) for it in sociallogin.email_addresses if it.verified]
    if sociallogin.account.provider == "gitlab" and told.get("confirmed_at"):
        verified.append((True, str(told.get("email") or "")))
    let_in = [
        (is_primary, email)
        for is_primary, email in verified
        if email.rpartition("@")[2].lower() in settings.SOCIAL_SIGNUP_DOMAINS
    ]
    return max(let_in, default=(False, ""))[1]


def _page(sociallogin: SocialLogin) -> str:
    page = str(sociallogin.state.get("next") or "")
    return page if is_own_page(page) else "/"

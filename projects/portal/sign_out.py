"""Signs people out: here, always and first; then at their identity provider, where that is wanted.

The provider is told which client asks and, if it is known, which ID token its session began with;
without that it may ask people to confirm.

Source: OpenID Connect RP-Initiated Logout 1.0, section 2.
"""

import logging
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.views import LogoutView
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.errors import PlatformError
from projects.models import IdentityProvider
from projects.portal.hints import hint_in
from projects.portal.oidc import sign_in_page
from projects.services.sign_in import provider_to_leave
from rbac.authorizer import PUBLIC
from rbac.models import Identity
from rbac.oidc.issuers import issuer_named
from rbac.selectors.second_factor import SESSION_KEY

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Departure:
    """Whom a session that ends was with."""

    row: IdentityProvider
    hint: str = field(default="", repr=False)


class SignOut(LogoutView):  # type: ignore[misc] # allauth ships no types
    """Ends the session; what a provider says, or does not, changes nothing about that."""

    access_verb = PUBLIC

    def post(self, *args: object, **kwargs: object) -> HttpResponseBase:
        request: HttpRequest = self.request
        departure = _departure(request)
        signed_out: HttpResponseBase = super().post(*args, **kwargs)
        address = _address(request, departure) if departure else ""
        if departure is None or not address:
            return signed_out
        return _onward(request, departure.row, address)


def _departure(request: HttpRequest) -> Departure | None:
    """Return what is known of the provider of a session; ``None`` if it is not to be left."""
    uid = request.session.get(SESSION_KEY)
    if uid is None or not request.user.is_authenticated:
        return None
    identity = Identity.objects.filter(uid=UUID(str(uid))).first()
    row = provider_to_leave(identity.provider_uid) if identity else None
    if identity is None or row is None:
        return None
    return Departure(row, hint_in(request, row, identity))


def _address(request: HttpRequest, departure: Departure) -> str:
    """Return where to sign out at the provider; empty if it has no such address."""
    row = departure.row
    try:
        endpoint = issuer_named(row.issuer).published().metadata.end_session_endpoint
    except PlatformError as error:
        facts = {"provider": row.name, "reason": error.message}
        logger.warning("not signed out at the provider", extra=facts)
        return ""
    asked = {"client_id": row.client_id, "post_logout_redirect_uri": sign_in_page(request, row)}
    if departure.hint:
        asked["id_token_hint"] = departure.hint
    joint = "&" if "?" in endpoint else "?"
    return f"{endpoint}{joint}{urlencode(asked)}" if endpoint else ""


def _onward(request: HttpRequest, row: IdentityProvider, address: str) -> HttpResponseBase:
    """Return a page that leads on: a form may not, under the content security policy."""
    facts = {"provider": row.title or row.name, "address": address}
    page = {**facts, "stay": sign_in_page(request, row)}
    response = render(request, "account/leaving.html", page)
    response["Refresh"] = f"0;url={address}"
    response["Cache-Control"] = "no-store"
    return response

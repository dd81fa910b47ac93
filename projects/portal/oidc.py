"""Sends people to an identity provider, and takes them in when they come back."""

import logging
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.views import View
from mozilla_django_oidc.views import (
    OIDCAuthenticationCallbackView,
    OIDCAuthenticationRequestView,
)

from common.clock import now
from common.errors import ForbiddenError, NotFoundError, PlatformError
from projects.models import IdentityProvider
from projects.models.tenant import DEFAULT_TENANT
from projects.portal.beginnings import ATTEMPT_SECONDS, may_begin, note_beginning, too_many
from projects.portal.hints import keep_hint
from projects.services.identity_providers import client_secret_of
from projects.services.sign_in import as_provider, sign_in_provider
from rbac.addresses import is_own_page, own_address
from rbac.audit import PLATFORM
from rbac.authorizer import PUBLIC
from rbac.backends import ATTEMPT, LIBRARY_SETTINGS, Attempt, start_session
from rbac.oidc.issuers import issuer_named
from rbac.oidc.providers import Provider
from rbac.origin import address_of
from rbac.services.sign_ins import note_failed_sign_in

logger = logging.getLogger(__name__)

STATES = "oidc_states"
"""Where the library keeps, in the session, each sign-in that has begun, by its ``state``."""
NEXT = "oidc_login_next"
"""Where it keeps the page to show afterwards; it has checked that the page is ours."""

_FAILED = "Signing in with {title} did not work. Try again; if it keeps failing, ask your operator."


class StartSignIn(OIDCAuthenticationRequestView):  # type: ignore[misc] # the library has no types
    """Begins with a ``state``, a ``nonce`` and a PKCE verifier that only this session knows."""

    access_verb = PUBLIC

    def __init__(self, **kwargs: Any) -> None:
        View.__init__(self, **kwargs)  # the library's would read one provider from the settings

    def get_settings(self, name: str, *default: Any) -> Any:
        if name == "OIDC_RP_SCOPES":
            return " ".join(self.provider.scopes)
        return LIBRARY_SETTINGS.get(name, *default)

    def get(self, request: HttpRequest, name: str, tenant: str = "") -> HttpResponseBase:
        self.provider = as_provider(_row(tenant, name))
        if not may_begin(request, tenant):
            return too_many(request)
        self.callback = _callback(request, name, tenant)
        try:
            published = issuer_named(self.provider.issuer).published()
        except PlatformError as error:
            return _failed(request, self.provider, tenant, reason=error.message)
        endpoint = published.metadata.authorization_endpoint
        self.OIDC_OP_AUTH_ENDPOINT = endpoint
        self.OIDC_RP_CLIENT_ID = self.provider.client_id
        asked: str = super().get(request)["Location"]
        states = parse_qs(urlsplit(asked).query)["state"]
        request.session.modified = True
        request.session[STATES][states[-1]]["provider"] = str(self.provider.uid)
        note_beginning(request)
        if "?" in endpoint:
            asked = asked.replace(f"{endpoint}?", f"{endpoint}&", 1)
        return HttpResponseRedirect(asked)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        del request
        return {"redirect_uri": self.callback}


class FinishSignIn(OIDCAuthenticationCallbackView):  # type: ignore[misc] # the library has no types
    """Ends a sign-in that this session began with this provider, once."""

    access_verb = PUBLIC

    def get_settings(self, name: str, *default: Any) -> Any:
        return LIBRARY_SETTINGS.get(name, *default)

    def get(self, request: HttpRequest, name: str, tenant: str = "") -> HttpResponseRedirect:
        row = _row(tenant, name)
        self.row, self.provider, self.tenant_name = row, as_provider(row), tenant
        try:
            _check_answer(request, self.provider)
            attempt = Attempt(
                self.provider, _callback(request, name, tenant), client_secret_of(row)
            )
            setattr(request, ATTEMPT, attempt)
            response: HttpResponseRedirect = super().get(request)
        except PlatformError as error:
            return _failed(request, self.provider, tenant, reason=error.message)
        return response

    def login_failure(self) -> HttpResponseRedirect:
        return _failed(self.request, self.provider, self.tenant_name, reason="nobody came back")

    def login_success(self) -> HttpResponseRedirect:
        request: HttpRequest = self.request
        attempt: Attempt = getattr(request, ATTEMPT)
        page = _safe_page(request, self.tenant_name)
        if attempt.identity is None:
            return self.login_failure()
        start_session(request, attempt.identity, via=self.provider.name)
        keep_hint(request, self.row, attempt)
        return HttpResponseRedirect(page)


def login_address(request: HttpRequest, row: IdentityProvider) -> str:
    """Return where signing in with a provider begins."""
    root = _root(request, _named(row.tenant.name if row.tenant else ""))
    return f"{root}/oidc/{row.name}/login/"


def sign_in_page(request: HttpRequest, row: IdentityProvider) -> str:
    """Return where a provider sends people whom it has signed out; to be registered there."""
    root = _root(request, _named(row.tenant.name if row.tenant else ""))
    return own_address(f"{root}/accounts/login/")


def home_of(request: HttpRequest, tenant: str) -> str:
    """Return the first page of a tenant."""
    return f"{_root(request, _named(tenant))}/"


def _named(tenant: str) -> str:
    """Return a tenant as addresses name it: the default one goes without saying."""
    return "" if tenant == DEFAULT_TENANT else tenant


def _row(tenant: str, name: str) -> IdentityProvider:
    try:
        return sign_in_provider(tenant, name)
    except NotFoundError as error:
        raise Http404(error.message) from error


def _callback(request: HttpRequest, name: str, tenant: str) -> str:
    """Return where the provider sends people back to; it must be registered there."""
    return own_address(f"{_root(request, tenant)}/oidc/{name}/callback/")


def _root(request: HttpRequest, tenant: str) -> str:
    """Return what a tenant's addresses begin with; the request's own may be another tenant's."""
    mounted_at = str(request.META.get("SCRIPT_NAME", ""))
    return f"{mounted_at}/t/{tenant}" if tenant else mounted_at


def _check_answer(request: HttpRequest, provider: Provider) -> None:
    """Refuse what is no answer of this provider to a question of this session.

    Whatever comes back, a ``state`` is good for once. Source: RFC 6749, section 10.12; RFC 9207.
    """
    state = request.GET.get("state", "")
    begun = request.session.get(STATES, {})
    known = begun.get(state)
    is_known = isinstance(known, dict) and known.get("provider") == str(provider.uid)
    is_fresh = is_known and time.time() - known["added_on"] < ATTEMPT_SECONDS
    problem = ""
    if not is_fresh:
        problem = "the state is not one of this session"
    elif request.GET.get("iss", provider.issuer) != provider.issuer:
        problem = "another provider answers"
    elif "error" in request.GET or "code" not in request.GET:
        problem = f"the provider says {request.GET.get('error', 'nothing')!r:.100}"
    if not problem:
        return
    if is_known:
        del begun[state]
        request.session.modified = True
    raise ForbiddenError(problem)


def _safe_page(request: HttpRequest, tenant: str) -> str:
    page = str(request.session.get(NEXT) or "")
    return page if is_own_page(page) else home_of(request, tenant)


def _failed(
    request: HttpRequest, provider: Provider, tenant: str, *, reason: str
) -> HttpResponseRedirect:
    """Show the sign-in page; why it failed is for the log."""
    logger.warning("sign-in refused", extra={"provider": provider.name, "reason": reason})
    if hasattr(request, ATTEMPT):  # what answers no question of ours would fill the audit
        note_failed_sign_in(
            "",
            via=provider.name,
            address=address_of(request),
            now=now(),
            tenant_uid=provider.tenant_uid or PLATFORM,
        )
    messages.error(request, _FAILED.format(title=provider.title or provider.name))
    return HttpResponseRedirect(f"{_root(request, tenant)}/accounts/login/")

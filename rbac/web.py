"""Sign-in and access for pages."""

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ResetPasswordForm
from allauth.core import ratelimit
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views import View

from common.clock import now
from common.errors import ForbiddenError, InvalidError, NotFoundError
from rbac.actors import Actor
from rbac.addresses import is_own_page, own_address
from rbac.authorizer import PUBLIC, SIGNED_IN, Scope
from rbac.models import User
from rbac.origin import REASON_FIELD, address_of, checked_reason, neighbourhood_of
from rbac.selectors import actor_for
from rbac.selectors.identities import actor_in_session
from rbac.selectors.second_factor import owes_second_factor
from rbac.services import require_at
from rbac.services.sessions import forget_expired_sessions
from rbac.services.sign_ins import (
    note_failed_sign_in,
    note_password,
    note_sign_in,
    note_sign_out,
    note_way_in,
)


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Accounts are made by operators, not by visitors."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse everybody."""
        del request
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return whose attempts are counted."""
        return address_of(request)

    def is_safe_url(self, url: str) -> bool:
        """Return whether people may be sent to an address that a request names."""
        return is_own_page(url)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail that names this site as its operator does, not as a request does."""
        links = {name: _own(it) for name, it in context.items() if name.endswith("_url")}
        host = urlsplit(own_address("/")).netloc
        site = {"current_site": SimpleNamespace(name=host, domain=host)}
        super().send_mail(template_prefix, email, {**context, **links, **site})

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse whoever guesses too often: an account from one address, or from everywhere.

        From everywhere more is let through, so that strangers cannot keep somebody out.
        """
        super().pre_authenticate(request, **credentials)
        account = _account(credentials)
        if not ratelimit.consume(request, action="login_failed_anywhere", key=account):
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{neighbourhood_of(request)} {_account(credentials)}"

    def login(self, request: HttpRequest, user: User) -> None:
        """Let somebody in, for whom every check was passed."""
        super().login(request, user)
        means = [_means(it) for it in get_authentication_records(request, user)]
        via = " and ".join(means) or "password"
        note_sign_in(user, via=via, actor=_themselves(user, request), now=now())
        forget_expired_sessions(now=now())

    def logout(self, request: HttpRequest) -> None:
        """Let somebody out."""
        user = request.user
        super().logout(request)
        if isinstance(user, User):
            note_sign_out(user, actor=_themselves(user, request), now=now())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Take note of an attempt."""
        name = str(credentials.get("username", ""))
        note_failed_sign_in(name, via="password", address=address_of(request), now=now())

    def set_password(self, user: User, password: str) -> None:
        """Give somebody another password."""
        with transaction.atomic():
            super().set_password(user, password)
            note_password(user, actor=_themselves(user, self.request), now=now())

    def send_notification_mail(self, template_prefix: str, user: User, *args: Any) -> None:
        """Take note of other ways in that somebody has added or taken away."""
        action = _OTHER_WAYS_IN.get(template_prefix.rpartition("/")[2])
        if action is not None:
            note_way_in(user, action=action, actor=_themselves(user, self.request), now=now())
        super().send_notification_mail(template_prefix, user, *args)


class ResetOwnPassword(ResetPasswordForm):  # type: ignore[misc] # allauth ships no types
    """Mails only those who have a password: others are vouched for by an identity provider.

    A password would make an account the platform's own, whose address is believed everywhere.
    """

    def clean_email(self) -> str:
        """Leave out accounts without a password."""
        email: str = super().clean_email()
        found: list[User] = list(getattr(self, "users", ()))
        self.users = [user for user in found if user.has_usable_password()]
        return email


_OTHER_WAYS_IN = {
    "account_connected": "user.connect_account",
    "account_disconnected": "user.disconnect_account",
    "recovery_codes_generated": "user.generate_recovery_codes",
    "totp_activated": "user.activate_totp",
    "totp_deactivated": "user.deactivate_totp",
    "webauthn_added": "user.add_security_key",
    "webauthn_removed": "user.remove_security_key",
}
"""The audit actions of what allauth tells people by mail, by the name of its template."""


def _own(address: object) -> str:
    return own_address(urlsplit(str(address)).path)


def _account(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("username") or credentials.get("email") or "").lower()


def _means(record: Mapping[str, Any]) -> str:
    """Return by what somebody was recognised: ``password``, ``mfa``, or whose account."""
    return str(record.get("provider") or record.get("method", ""))


def _themselves(user: User, request: HttpRequest) -> Actor:
    return actor_for(user, address=address_of(request))


def no_such_page(request: HttpRequest) -> HttpResponseBase:
    """Stand for a page of allauth that must not be there.

    People are known by their e-mail addresses, in the audit and to rules about who may approve; so
    only operators change them.
    """
    raise Http404(request.path)


def request_actor(request: HttpRequest) -> Actor:
    """Return who is signed in, with the reason that a form gives.

    Raises:
        ForbiddenError: Nobody is.
        BadRequest: The reason is too long.
    """
    if not isinstance(request.user, User):
        raise ForbiddenError("Sign in first.")
    session = getattr(request, "session", {})
    actor = actor_in_session(request.user, session, address=address_of(request))
    return replace(actor, reason=_reason(request))


def _reason(request: HttpRequest) -> str:
    if request.method != "POST":
        return ""
    try:
        return checked_reason(request.POST.get(REASON_FIELD, ""))
    except InvalidError as error:
        raise BadRequest(error.message) from error


def _refuse_nul(request: HttpRequest) -> None:
    """Refuse a form with what PostgreSQL takes in no text."""
    texts = (text for _, found in request.POST.lists() for text in found)
    if request.method == "POST" and any("\0" in text for text in texts):
        raise BadRequest("A form has no NUL characters.")


class AccessMixin(View):
    """Lets visitors of a page in by what its class declares; who is not signed in signs in first.

    Declare ``access_resource`` (a plural) and ``access_verb``; the verb may also be ``PUBLIC`` or
    ``SIGNED_IN``. ``access_name_in`` is the part of the address that names the one object.
    ``actor`` is there once access is granted, except on public pages. Pages of a tenant take
    :class:`projects.web.TenantMixin`, which adds ``tenant``, or ``ProjectMixin``.
    """

    access_resource: ClassVar[str]
    access_verb: ClassVar[str]
    access_name_in: ClassVar[str] = ""
    actor: Actor

    def enter(self) -> Scope | None:
        """Find where the request leads, and return it: the place to ask for the right.

        Raises:
            NotFoundError: There is no such place, for this actor.
        """
        return None

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        """Ask for access, then show the page; refusals are 403, places unseen are 404."""
        refusal = self.admit()
        return super().dispatch(request, *args, **kwargs) if refusal is None else refusal

    def admit(self) -> HttpResponseBase | None:
        """Let the visitor in, or return where they have to go first.

        Raises:
            PermissionDenied: They may not see this.
            Http404: There is nothing, for them.
        """
        request = self.request
        if getattr(self, "access_verb", "") == PUBLIC:
            return None
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        if owes_second_factor(request.user, getattr(request, "session", {})):
            return redirect("mfa_activate_totp")
        self.actor = request_actor(request)
        self._enter()
        _refuse_nul(request)
        return None

    def _enter(self) -> None:
        verb = getattr(self, "access_verb", "")
        try:
            scope = self.enter()
            if verb != SIGNED_IN:
                self._require(verb, scope)
        except NotFoundError as error:
            raise Http404(error.message) from error
        except ForbiddenError as error:
            raise PermissionDenied(error.message) from error

    def _require(self, verb: str, scope: Scope | None) -> None:
        if scope is None or not verb:
            raise ForbiddenError("This page does not say who may see it.")
        name = str(self.kwargs.get(self.access_name_in, ""))
        require_at(self.actor, scope, verb=verb, resource=self.access_resource, name=name)

"""Tells who calls: by the token in the ``Authorization`` header, or by the session of a page.

An authentication class returns who it is and, as ``request.auth``, the actor that they are.
"""

from datetime import datetime
from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication as PageSession
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.clock import now
from rbac.actors import Actor
from rbac.models import ApiToken, ServiceAccount, User
from rbac.origin import address_of
from rbac.selectors import InvalidTokenError, actor_for, actor_for_account, authenticate_token
from rbac.selectors.identities import actor_in_session
from rbac.services import note_token_use
from rbac.tokens import foreign_issuer

BEARER = "Bearer "


class ApiTokenAuthentication(BaseAuthentication):
    """Takes ``Authorization: [Bearer ]<token>``, of a person or of a role."""

    def authenticate(self, request: Request) -> tuple[User | ServiceAccount, Actor] | None:
        """Return whose token it is and the actor, or ``None`` if none of ours is sent."""
        text = bearer_in(request)
        if not text or foreign_issuer(text):
            return None
        at = now()
        token = _known(text, now=at)
        note_token_use(token, now=at)
        return _subject(token, address=address_of(request))

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes a refusal 401 rather than 403."""
        del request
        return "Bearer"


class SessionAuthentication(PageSession):
    """Takes the session of somebody who has signed in to the portal; heeds CSRF."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return who has signed in and the actor, or ``None`` if nobody has."""
        found = super().authenticate(request)
        if found is None or not isinstance(found[0], User):
            return None
        return found[0], actor_in_session(found[0], request.session, address=address_of(request))

    def enforce_csrf(self, request: Request) -> None:
        """Look for the token in the header or in a form, leaving any other body unread.

        Of Django's request: REST framework's would parse the body, and not all types of it.
        """
        plain: Any = request._request  # noqa: SLF001 - as the framework's own classes do
        super().enforce_csrf(plain)


def bearer_in(request: Request) -> str:
    """Return the token that a request brings; empty if it brings none."""
    header = str(request.META.get("HTTP_AUTHORIZATION", "")).strip()
    return header.removeprefix(BEARER).strip()


def _known(plaintext: str, *, now: datetime) -> ApiToken:
    try:
        return authenticate_token(plaintext, now=now)
    except InvalidTokenError as error:
        raise AuthenticationFailed from error


def _subject(token: ApiToken, *, address: str) -> tuple[User | ServiceAccount, Actor]:
    if token.service_account is not None:
        return token.service_account, actor_for_account(token.service_account, address=address)
    if token.user is None:
        raise AuthenticationFailed
    return token.user, actor_for(token.user, address=address, token=token)

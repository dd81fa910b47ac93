"""Tells who calls by the token in the ``Authorization`` header."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from common.clock import now
from rbac.models import ApiToken, User
from rbac.selectors import InvalidTokenError, authenticate_token
from rbac.services import note_token_use

BEARER = "Bearer "


class ApiTokenAuthentication(BaseAuthentication):
    """Takes ``Authorization: [Bearer ]<token>``; ``request.auth`` is the token."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token and its user, or ``None`` if there is no header."""
        header = request.META.get("HTTP_AUTHORIZATION", "").strip()
        if not header:
            return None
        at = now()
        try:
            token = authenticate_token(header.removeprefix(BEARER).strip(), now=at)
        except InvalidTokenError as error:
            raise AuthenticationFailed from error
        note_token_use(token, now=at)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes a refusal 401 rather than 403."""
        del request
        return "Bearer"

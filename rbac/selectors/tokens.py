"""Whose a token is, and which tokens there are."""

import hmac
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from common.errors import NotFoundError, PlatformError
from rbac.models import ApiToken, User
from rbac.models.token import digest_of
from rbac.tokens import prefix_of, unverified_claims

PASSWORD_CLAIM = "pwd"  # noqa: S105 - a claim's name
"""What a token that was given for a password says of it, so that it works no longer than that."""

_MARK_LENGTH = 24


class InvalidTokenError(PlatformError):
    """The token is unknown, expired or revoked, or its user may not sign in; never says which."""

    code = "invalid_token"


def authenticate_token(plaintext: str, *, now: datetime) -> ApiToken:
    """Return the token that ``plaintext`` is, with its user or role.

    Raises:
        InvalidTokenError: It is none, or it does not work any more.
    """
    rows = ApiToken.objects.select_related("user", "service_account")
    token = rows.filter(prefix=prefix_of(plaintext)).first()
    expected = token.digest if token else ""
    is_right = hmac.compare_digest(expected, digest_of(plaintext))
    if token is None or not is_right or not _works(token, now=now):
        raise InvalidTokenError("invalid token")
    if token.user is not None and not _knows_password(plaintext, token.user):
        raise InvalidTokenError("invalid token")
    return token


def password_mark(user: User) -> str:
    """Return what stands for somebody's password of now, and tells nothing of it."""
    return user.get_session_auth_hash()[:_MARK_LENGTH]


def tokens_of_roles(tenant_uid: UUID, namespace: str) -> QuerySet[ApiToken]:
    """Return the tokens of a namespace's roles that are not revoked, by name."""
    rows = ApiToken.objects.filter(
        service_account__isnull=False,
        tenant_uid=tenant_uid,
        namespace=namespace,
        revoked_at__isnull=True,
    )
    return rows.select_related("service_account").order_by("name", "pk")


def token_of_role(tenant_uid: UUID, namespace: str, name: str) -> ApiToken:
    """Return one of them.

    Raises:
        NotFoundError: There is none of that name.
    """
    token = tokens_of_roles(tenant_uid, namespace).filter(name=name).first()
    if token is None:
        raise NotFoundError(f'secrets "{name}" not found')
    return token


def _works(token: ApiToken, *, now: datetime) -> bool:
    is_alive = token.expires_at is None or token.expires_at > now
    is_somebodys = token.user.is_active if token.user else token.service_account is not None
    return is_alive and token.revoked_at is None and is_somebodys


def _knows_password(plaintext: str, user: User) -> bool:
    """Return whether a token was given for no password, or for the one of now."""
    claimed = unverified_claims(plaintext).get(PASSWORD_CLAIM)
    if claimed is None:
        return True
    marks = {
        password_mark(user),
        *(it[:_MARK_LENGTH] for it in user.get_session_auth_fallback_hash()),
    }
    return claimed in marks

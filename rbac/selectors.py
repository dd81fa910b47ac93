"""Who somebody is, and what they were granted."""

import hmac
from datetime import datetime
from uuid import UUID

from common.errors import NotFoundError, PlatformError
from common.jsontypes import JSONValue
from rbac.actors import Actor, ActorKind, Grant
from rbac.models import ApiToken, AuditChain, RoleBinding, User
from rbac.models.token import TOKEN_START, digest_of

ADMIN_USERNAME = "admin"
"""The operator whom Kargo's clients know as *the* admin, and whose password ``login`` takes."""


class InvalidTokenError(PlatformError):
    """The token is unknown, expired or revoked, or its user may not sign in; never says which."""

    code = "invalid_token"


def actor_for(user: User, *, address: str, token: ApiToken | None = None) -> Actor:
    """Return the actor that ``user`` is, with everything granted to them.

    With ``token``, a program that acts as them, no further than the token's tenant.
    """
    bindings = RoleBinding.objects.filter(user=user).order_by("pk")
    return Actor(
        kind=ActorKind.TOKEN if token else ActorKind.USER,
        name=actor_name(user),
        grants=tuple(
            Grant(binding.role, binding.tenant_uid, binding.project_uid) for binding in bindings
        ),
        is_operator=user.is_superuser,
        tenant_uid=token.tenant_uid if token else None,
        user_uid=user.uid,
        address=address,
    )


def actor_name(user: User) -> str:
    """Return what events and audit rows call ``user``.

    Source: Kargo ``api/v1alpha1`` FormatEventUserActor and its siblings.
    """
    if user.is_superuser and user.username == ADMIN_USERNAME:
        return "admin"
    return f"email:{user.email}" if user.email else f"subject:{user.username}"


def claims_of(actor: Actor) -> dict[str, JSONValue]:
    """Return what is claimed of the person behind an actor, under OpenID Connect's names.

    Nothing for an actor that is nobody's.
    """
    if actor.user_uid is None:
        return {}
    user = User.objects.filter(uid=actor.user_uid).prefetch_related("groups").first()
    if user is None:
        return {}
    claims: dict[str, JSONValue] = {
        "sub": user.username,
        "preferred_username": user.username,
        "email": user.email,
        "name": user.get_full_name(),
        "groups": sorted(group.name for group in user.groups.all()),
    }
    return {name: value for name, value in claims.items() if value}


def authenticate_token(plaintext: str, *, now: datetime) -> ApiToken:
    """Return the token that ``plaintext`` is, with its user.

    Raises:
        InvalidTokenError: It is none, or it does not work any more.
    """
    token = _token_with_prefix(_prefix_of(plaintext))
    expected = token.digest if token else ""
    is_right = hmac.compare_digest(expected, digest_of(plaintext))
    if token is None or not is_right or not _works(token, now=now):
        raise InvalidTokenError("invalid token")
    return token


def user_named(username: str) -> User:
    """Return an account.

    Raises:
        NotFoundError: There is none of that name.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFoundError(f'There is no account "{username}".')
    return user


def admin_account() -> User | None:
    """Return the operator named ``admin``, if there is one who can sign in with a password."""
    user = User.objects.filter(username=ADMIN_USERNAME, is_superuser=True, is_active=True).first()
    return user if user is not None and user.has_usable_password() else None


def is_member(actor: Actor, *, tenant_uid: UUID) -> bool:
    """Return whether a tenant exists for ``actor``: the operators', and whoever has a role in it.

    To everybody else it is as if it were not there.
    """
    if actor.tenant_uid is not None and actor.tenant_uid != tenant_uid:
        return False
    return actor.is_operator or any(grant.tenant_uid == tenant_uid for grant in actor.grants)


def audit_tenants() -> list[UUID]:
    """Return the uid of every audit chain: one a tenant, and the platform's own."""
    rows = AuditChain.objects.order_by("tenant_uid")
    return list(rows.values_list("tenant_uid", flat=True))


def _prefix_of(plaintext: str) -> str:
    prefix, _, _ = plaintext.removeprefix(TOKEN_START).partition("_")
    return prefix if plaintext.startswith(TOKEN_START) and prefix.isalnum() else ""


def _token_with_prefix(prefix: str) -> ApiToken | None:
    return ApiToken.objects.select_related("user").filter(prefix=prefix).first()


def _works(token: ApiToken, *, now: datetime) -> bool:
    is_alive = token.expires_at is None or token.expires_at > now
    return is_alive and token.revoked_at is None and token.user.is_active

"""Who somebody is, and what is claimed of them."""

from uuid import UUID

from django.conf import settings

from common.errors import NotFoundError
from common.jsontypes import JSONValue
from rbac.actors import Actor, ActorKind
from rbac.claims import Claims
from rbac.models import ApiToken, ServiceAccount, User
from rbac.selectors.grants import grants_of_account, grants_of_people
from rbac.selectors.second_factor import has_second_factor

ADMIN_USERNAME = "admin"
"""The operator whom Kargo's clients know as *the* admin, and whose password ``login`` takes."""


def actor_for(
    user: User, *, address: str, token: ApiToken | None = None, claims: Claims | None = None
) -> Actor:
    """Return the actor that ``user`` is, with everything granted to them.

    With ``token``, a program that acts as them, no further than the token's tenant. Without
    ``claims`` of an identity provider, what the platform itself knows of a local account is
    claimed of it.
    """
    known = claims or local_claims(user)
    return Actor(
        kind=ActorKind.TOKEN if token else ActorKind.USER,
        name=actor_name(user),
        grants=grants_of_people(user, known),
        is_operator=user.is_superuser,
        tenant_uid=token.tenant_uid if token else None,
        user_uid=user.uid,
        address=address,
        claims=dict(known.values) if known else {},
    )


def actor_for_account(account: ServiceAccount, *, address: str) -> Actor:
    """Return the actor that a program with a role's own token is: it holds just that role."""
    return Actor(
        kind=ActorKind.TOKEN,
        name=f"kubernetes:system:serviceaccount:{account.namespace}:{account.name}",
        grants=grants_of_account(account),
        tenant_uid=account.tenant_uid,
        address=address,
    )


def actor_name(user: User) -> str:
    """Return what events and audit rows call ``user``.

    Source: Kargo ``api/v1alpha1`` FormatEventUserActor and its siblings.
    """
    if user.is_superuser and user.username == ADMIN_USERNAME:
        return "admin"
    return f"email:{user.email}" if user.email else f"subject:{user.username}"


def local_claims(user: User) -> Claims | None:
    """Return what the platform knows of an account that it checks the password of itself.

    Nothing of others: what an identity provider said of them may not count everywhere.
    """
    if not user.has_usable_password():
        return None
    claims: dict[str, JSONValue] = {
        "sub": user.username,
        "preferred_username": user.username,
        "email": user.email,
        "name": user.get_full_name(),
        "groups": sorted(user.groups.values_list("name", flat=True)),
    }
    return Claims({name: value for name, value in claims.items() if value})


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
    """Return the operator named ``admin``, if there is one whom a password alone lets in."""
    user = User.objects.filter(username=ADMIN_USERNAME, is_superuser=True, is_active=True).first()
    if user is None or not user.has_usable_password():
        return None
    needs_more = settings.REQUIRE_OPERATOR_MFA or has_second_factor(user)
    return None if needs_more else user


def is_member(actor: Actor, *, tenant_uid: UUID) -> bool:
    """Return whether a tenant exists for ``actor``: the operators', and whoever has a role in it.

    To everybody else it is as if it were not there.
    """
    if actor.tenant_uid is not None and actor.tenant_uid != tenant_uid:
        return False
    return actor.is_operator or any(grant.tenant_uid == tenant_uid for grant in actor.grants)

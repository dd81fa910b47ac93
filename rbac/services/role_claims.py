"""Leads people to a role by claims, and stops doing so."""

from datetime import datetime

from django.db import transaction

from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.claims import ClaimMap
from rbac.selectors.roles import KargoRole
from rbac.services.escalation import require_holds_what_claims_give
from rbac.services.role_parts import changed_role, facts_of, manageable_role
from rbac.services.service_accounts import store_account


@transaction.atomic
def grant_to_users(
    where: Scope, name: str, claims: ClaimMap, *, actor: Actor, now: datetime
) -> KargoRole:
    """Give a role to whoever any of the claims is made of.

    Raises:
        NotFoundError: There is no role of that name.
        InvalidError: The role may not be changed, or the claims are too long or too many.
        ForbiddenError: ``actor`` does not hold what the role allows.
    """
    role = manageable_role(where, name)
    before = facts_of(role)
    wanted = {
        key: (*role.claims.get(key, ()), *claims.get(key, ()))
        for key in role.claims.keys() | claims.keys()
    }
    store_account(role.account, claims=wanted)
    require_holds_what_claims_give(actor, role.account)
    return changed_role(where, name, "grant_to_users", before=before, actor=actor, now=now)


@transaction.atomic
def revoke_from_users(
    where: Scope, name: str, claims: ClaimMap, *, actor: Actor, now: datetime
) -> KargoRole:
    """Take a role from whoever any of the claims is made of; absent claims change nothing.

    Raises:
        NotFoundError: There is no role of that name.
        InvalidError: The role may not be changed.
    """
    role = manageable_role(where, name)
    before = facts_of(role)
    wanted = {
        key: tuple(value for value in values if value not in claims.get(key, ()))
        for key, values in role.claims.items()
    }
    store_account(role.account, claims=wanted)
    return changed_role(where, name, "revoke_from_users", before=before, actor=actor, now=now)

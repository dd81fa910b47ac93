"""Grants single permissions to a role, and revokes them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.errors import FieldProblem, InvalidError
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.rules import Rule, normalise, plural_of
from rbac.selectors.roles import KargoRole
from rbac.services.escalation import require_held
from rbac.services.role_parts import (
    changed_role,
    facts_of,
    manageable_role,
    refuse_default,
    store_rules,
)


@dataclass(frozen=True, slots=True)
class Permission:
    """Verbs on a kind, named by its plural or singular; on all objects, or the one named."""

    resource_type: str
    verbs: tuple[str, ...]
    resource_name: str = ""


@transaction.atomic
def grant_permission(
    where: Scope, name: str, permission: Permission, *, actor: Actor, now: datetime
) -> KargoRole:
    """Add a permission to a role, making the Role and RoleBinding that it may lack.

    Raises:
        NotFoundError: There is no role of that name.
        InvalidError: The role may not be changed, or the permission makes no sense.
        ForbiddenError: ``actor`` does not hold the permission.
    """
    role = manageable_role(where, name)
    refuse_default(role)
    added = _rule(permission)
    require_held(actor, [added], at=where)
    before = facts_of(role)
    store_rules(role, normalise([*role.rules, added]), where=where, now=now)
    return changed_role(where, name, "grant_permission", before=before, actor=actor, now=now)


@transaction.atomic
def revoke_permission(
    where: Scope, name: str, permission: Permission, *, actor: Actor, now: datetime
) -> KargoRole:
    """Take a permission from a role; what it does not hold changes nothing.

    Without a name, it is taken from every rule on the kind, those on single objects included.

    Raises:
        NotFoundError: There is no role of that name.
        InvalidError: The role may not be changed, or the permission makes no sense.
    """
    role = manageable_role(where, name)
    refuse_default(role)
    taken = _rule(permission)
    before = facts_of(role)
    left = [_less(rule, taken) for rule in normalise(role.rules)]
    if role.roles:
        store_rules(role, [rule for rule in left if rule.verbs], where=where, now=now)
    return changed_role(where, name, "revoke_permission", before=before, actor=actor, now=now)


def _rule(permission: Permission) -> Rule:
    if not permission.verbs:
        problem = FieldProblem("resourceDetails.verbs", "is required: verbs such as get")
        raise InvalidError(str(problem), problems=(problem,))
    plural = plural_of(permission.resource_type, path="resourceDetails.resourceType")
    names = (permission.resource_name,) if permission.resource_name else ()
    return normalise([Rule((), (plural,), permission.verbs, names)], path="resourceDetails")[0]


def _less(rule: Rule, taken: Rule) -> Rule:
    is_meant = (rule.groups, rule.resources) == (taken.groups, taken.resources)
    if not is_meant or (taken.names and rule.names != taken.names):
        return rule
    verbs = tuple(verb for verb in rule.verbs if verb not in taken.verbs)
    return Rule(rule.groups, rule.resources, verbs, rule.names)

"""Creates, replaces and deletes Kargo roles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from common.errors import ConflictError
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.claims import ClaimMap
from rbac.defaults import PROJECT_ROLES
from rbac.labels import DESCRIPTION, MANAGED, TRUE
from rbac.models import ApiToken, Membership, Role, RoleBinding, ServiceAccount
from rbac.namespaces import KARGO_NAMESPACE
from rbac.rules import Rule, normalise
from rbac.selectors.roles import KargoRole, in_namespace, kargo_role
from rbac.services.escalation import require_held, require_holds_what_claims_give
from rbac.services.role_parts import (
    changed_role,
    facts_of,
    manageable_role,
    record_role,
    refuse_default,
    save_new,
    store_rules,
)
from rbac.services.service_accounts import store_account

_PARTS: Mapping[str, type[ServiceAccount | Role | RoleBinding]] = {
    "serviceaccounts": ServiceAccount,
    "roles.rbac.authorization.k8s.io": Role,
    "rolebindings.rbac.authorization.k8s.io": RoleBinding,
}


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A role as somebody wants it to be.

    Attributes:
        rules: Not normalised; ``None`` if nothing was said of them.
        description: Empty for none.
    """

    name: str
    rules: tuple[Rule, ...] | None = None
    claims: ClaimMap = field(default_factory=dict)
    description: str = ""


@transaction.atomic
def create_role(where: Scope, draft: RoleDraft, *, actor: Actor, now: datetime) -> KargoRole:
    """Create a role: its ServiceAccount, Role and RoleBinding.

    Raises:
        ConflictError: One of the three is there already.
        InvalidError: The rules or claims are not usable.
        ForbiddenError: ``actor`` does not hold what the role would allow.
    """
    _refuse_taken(where, draft.name)
    rules = normalise(draft.rules or ())
    require_held(actor, rules, at=where)
    account = ServiceAccount(
        tenant_uid=where.tenant_uid,
        project_uid=where.project_uid,
        namespace=where.namespace,
        name=draft.name,
        annotations=_annotations({}, draft.description),
        created_at=now,
    )
    save_new(account, noun="serviceaccounts")
    store_account(account, claims=draft.claims)
    store_rules(KargoRole(account), rules, where=where, now=now)
    if draft.claims:
        require_holds_what_claims_give(actor, account)
    role = kargo_role(where, draft.name)
    record_role(role, "create", after=facts_of(role), actor=actor, now=now)
    return role


@transaction.atomic
def update_role(where: Scope, draft: RoleDraft, *, actor: Actor, now: datetime) -> KargoRole:
    """Replace a role's rules, claims and description.

    Raises:
        NotFoundError: There is none of that name.
        InvalidError: The role may not be changed, or not so.
        ForbiddenError: ``actor`` does not hold what the role would allow.
    """
    role = manageable_role(where, draft.name)
    before = facts_of(role)
    account = role.account
    if account.is_default:
        _refuse_other_rules(role, draft)
    else:
        rules = normalise(draft.rules or ())
        require_held(actor, rules, at=where)
        store_rules(role, rules, where=where, now=now)
    if draft.description or not account.is_default:
        account.annotations = _annotations(account.annotations, draft.description)
    _store_claims(role, draft.claims, actor=actor)
    return changed_role(where, draft.name, "update", before=before, actor=actor, now=now)


@transaction.atomic
def delete_role(where: Scope, name: str, *, actor: Actor, now: datetime) -> None:
    """Delete a role: its three parts, its tokens, and who was made a member of it.

    Raises:
        NotFoundError: There is none of that name.
        InvalidError: The role may not be changed, or is one of the platform's own.
    """
    role = manageable_role(where, name)
    refuse_default(role)
    before = facts_of(role)
    for binding in role.bindings:
        binding.row.delete()
    for it in role.roles:
        it.delete()
    lost = forget_account(role.account)
    record_role(role, "delete", before={**before, **lost}, actor=actor, now=now)


def forget_account(account: ServiceAccount) -> dict[str, list[str]]:
    """Delete a ServiceAccount, its tokens and memberships; return what went with it, by name."""
    members = Membership.objects.filter(
        tenant_uid=account.tenant_uid, project_uid=account.project_uid, role=account.name
    )
    tokens = ApiToken.objects.filter(service_account=account, revoked_at__isnull=True)
    lost = {
        "members": sorted(members.values_list("user__username", flat=True)),
        "programs": sorted(tokens.values_list("name", flat=True)),
    }
    if account.project_uid is not None or account.namespace == KARGO_NAMESPACE:
        members.delete()
    account.delete()
    return lost


def _refuse_other_rules(role: KargoRole, draft: RoleDraft) -> None:
    if draft.rules is not None and normalise(draft.rules) != role.rules:
        refuse_default(role)


def _store_claims(role: KargoRole, claims: ClaimMap, *, actor: Actor) -> None:
    is_wider = any(set(values) - set(role.claims.get(key, ())) for key, values in claims.items())
    store_account(role.account, claims=claims)
    if is_wider:
        require_holds_what_claims_give(actor, role.account)


def _refuse_taken(where: Scope, name: str) -> None:
    for noun, model in _PARTS.items():
        is_taken = model.objects.filter(in_namespace(where), name=name).exists()
        if is_taken or (where.project_uid is not None and name in PROJECT_ROLES):
            raise ConflictError(f'{noun} "{name}" already exists', code="exists")


def _annotations(stored: Mapping[str, str], description: str) -> dict[str, str]:
    kept = {key: value for key, value in stored.items() if key != DESCRIPTION}
    return {**kept, MANAGED: TRUE, **({DESCRIPTION: description} if description else {})}

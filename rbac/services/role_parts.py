"""What the operations on roles share: which may be changed, how parts are stored and audited."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.errors import ConflictError, InvalidError
from rbac.actors import Actor
from rbac.audit import Act, record
from rbac.authorizer import Scope
from rbac.labels import DESCRIPTION
from rbac.models import RoleBinding, RoleBindingSubject
from rbac.rules import Rule
from rbac.selectors.roles import (
    KargoRole,
    Subject,
    kargo_role,
    managed_binding,
    managed_role,
)

NOT_MANAGEABLE = "not_manageable"
DEFAULT_ROLE = "default_role"


def manageable_role(where: Scope, name: str) -> KargoRole:
    """Return a role that may be changed, locked until the transaction ends.

    Raises:
        NotFoundError: There is none of that name.
        InvalidError: It has parts that are not Kargo's, or too many.
    """
    role = kargo_role(where, name, is_locked=True)
    if role.obstacle:
        raise InvalidError(
            f"{role.obstacle}; change what it is made of instead", code=NOT_MANAGEABLE
        )
    return role


def refuse_default(role: KargoRole) -> None:
    """Return if the role is not one that the platform makes.

    Raises:
        InvalidError: It is; who has it may be changed, what it allows may not.
    """
    if role.account.is_default:
        raise InvalidError(
            f'"{role.name}" is one of the platform\'s own roles: claims may be granted and '
            "revoked, but its rules cannot be changed, nor can it be deleted; "
            "make a role of your own",
            code=DEFAULT_ROLE,
        )


def store_rules(role: KargoRole, rules: Iterable[Rule], *, where: Scope, now: datetime) -> None:
    """Give a role these rules and no others, making the Role and RoleBinding that it lacks."""
    binding = role.bindings[0].row if role.bindings else managed_binding(where, role.name)
    stored = role.roles[0] if role.roles else managed_role(where, binding.role_name)
    stored.rules = [rule.to_json() for rule in rules]
    if role.roles:
        stored.save(update_fields=["rules"])
    else:
        stored.created_at = now
        save_new(stored, noun="roles.rbac.authorization.k8s.io")
    if not role.bindings:
        binding.created_at = now
        save_new(binding, noun="rolebindings.rbac.authorization.k8s.io")
        store_subjects(binding, [(where.namespace, role.name)])


def store_subjects(binding: RoleBinding, subjects: Iterable[Subject]) -> None:
    """Have a binding name these ServiceAccounts and no others."""
    wanted = set(subjects)
    stored = {(it.namespace, it.name): it.pk for it in binding.subjects.all()}
    gone = [pk for subject, pk in stored.items() if subject not in wanted]
    binding.subjects.filter(pk__in=gone).delete()
    RoleBindingSubject.objects.bulk_create(
        RoleBindingSubject(binding=binding, namespace=namespace, name=name)
        for namespace, name in sorted(wanted - stored.keys())
    )


def save_new(row: Any, *, noun: str) -> None:
    """Store a new row.

    Raises:
        ConflictError: There is one of that name; ``noun`` is how Kubernetes calls its kind.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(f'{noun} "{row.name}" already exists', code="exists") from error


def facts_of(role: KargoRole) -> dict[str, Any]:
    """Return what the audit keeps of a role."""
    return {
        "claims": {name: list(values) for name, values in role.claims.items()},
        "description": role.account.annotations.get(DESCRIPTION, ""),
        "rules": [rule.to_json() for rule in role.rules],
    }


def record_role(
    role: KargoRole,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Audit what was done to a role, in the caller's transaction."""
    act = Act(
        action=f"role.{action}",
        kind="Role",
        tenant_uid=role.account.tenant_uid,
        project_uid=role.account.project_uid,
        object_uid=role.account.uid,
        object_name=role.name,
        before=before,
        after=after,
    )
    record(act, actor=actor, at=now)


def changed_role(
    where: Scope, name: str, action: str, *, before: dict[str, Any], actor: Actor, now: datetime
) -> KargoRole:
    """Return a role as it is now, and audit how it differs; if it does not, audit nothing.

    ``before`` is what :func:`facts_of` said of it.
    """
    role = kargo_role(where, name)
    after = facts_of(role)
    keys = [key for key in after if before[key] != after[key]]
    if keys:
        record_role(
            role,
            action,
            before={key: before[key] for key in keys},
            after={key: after[key] for key in keys},
            actor=actor,
            now=now,
        )
    return role

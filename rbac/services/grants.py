"""Gives people roles, and takes them back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rbac.actors import Actor
from rbac.audit import Act, record
from rbac.models import RoleBinding, RoleName, User


def grant_role(
    user: User,
    *,
    role: RoleName,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> RoleBinding:
    """Give ``user`` a role in one project, or (``project_uid`` null) in all of a tenant's.

    Granting what is held already changes nothing and is not audited again.
    """
    with transaction.atomic():
        binding, is_new = RoleBinding.objects.get_or_create(
            user=user,
            role=role.value,
            tenant_uid=tenant_uid,
            project_uid=project_uid,
            defaults={"created_at": now},
        )
        if is_new:
            _record(binding, action="role.grant", actor=actor, at=now)
    return binding


def revoke_role(binding: RoleBinding, *, actor: Actor, now: datetime) -> None:
    """Take a role back; taking back what is gone already changes nothing."""
    with transaction.atomic():
        removed, _ = RoleBinding.objects.filter(pk=binding.pk).delete()
        if removed:
            _record(binding, action="role.revoke", actor=actor, at=now)


def _record(binding: RoleBinding, *, action: str, actor: Actor, at: datetime) -> None:
    act = Act(
        action=action,
        kind="RoleBinding",
        tenant_uid=binding.tenant_uid,
        project_uid=binding.project_uid,
        object_uid=binding.user.uid,
        object_name=binding.user.username,
        after={"role": binding.role},
    )
    record(act, actor=actor, at=at)

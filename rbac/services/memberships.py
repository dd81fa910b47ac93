"""Gives people roles by name, and takes them back."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from common.errors import NotFoundError
from rbac.actors import Actor
from rbac.audit import Act, record
from rbac.defaults import PROJECT_ROLES, SYSTEM_ROLES
from rbac.models import Membership, ServiceAccount, User
from rbac.namespaces import KARGO_NAMESPACE

_GRANT, _REVOKE = "role.grant", "role.revoke"


def grant_role(
    user: User,
    *,
    role: str,
    tenant_uid: UUID,
    project_uid: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> Membership:
    """Give ``user`` a role of one project, or (``project_uid`` null) a system role of the tenant.

    Granting what is held already changes nothing and is not audited again.

    Raises:
        NotFoundError: There is no role of that name there.
    """
    if not _exists(role, tenant_uid=tenant_uid, project_uid=project_uid):
        known = ", ".join(sorted(PROJECT_ROLES if project_uid else SYSTEM_ROLES))
        raise NotFoundError(f'role "{role}" not found; there are always {known}')
    with transaction.atomic():
        membership, is_new = Membership.objects.get_or_create(
            user=user,
            role=role,
            tenant_uid=tenant_uid,
            project_uid=project_uid,
            defaults={"created_at": now},
        )
        if is_new:
            _record(membership, action=_GRANT, actor=actor, at=now)
    return membership


def revoke_role(membership: Membership, *, actor: Actor, now: datetime) -> None:
    """Take a role back; taking back what is gone already changes nothing."""
    with transaction.atomic():
        removed, _ = Membership.objects.filter(pk=membership.pk).delete()
        if removed:
            _record(membership, action=_REVOKE, actor=actor, at=now)


def _exists(role: str, *, tenant_uid: UUID, project_uid: UUID | None) -> bool:
    if role in (PROJECT_ROLES if project_uid else SYSTEM_ROLES):
        return True
    accounts = ServiceAccount.objects.filter(tenant_uid=tenant_uid, name=role)
    if project_uid is not None:
        return accounts.filter(project_uid=project_uid).exists()
    return accounts.filter(project_uid__isnull=True, namespace=KARGO_NAMESPACE).exists()


def _record(membership: Membership, *, action: str, actor: Actor, at: datetime) -> None:
    act = Act(
        action=action,
        kind="Membership",
        tenant_uid=membership.tenant_uid,
        project_uid=membership.project_uid,
        object_uid=membership.user.uid,
        object_name=membership.user.username,
        before={"role": membership.role} if action == _REVOKE else None,
        after={"role": membership.role} if action == _GRANT else None,
    )
    record(act, actor=actor, at=at)

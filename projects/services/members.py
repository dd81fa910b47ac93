"""Gives people roles of a project or of a tenant, and takes them back, as far as the giver may."""

from datetime import datetime

from django.db import transaction

from common.errors import NotFoundError
from projects.models import Project, Tenant
from projects.selectors import members_of, person_named
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.defaults import PROJECT_ROLES, SYSTEM_ROLES
from rbac.models import Membership, ServiceAccount
from rbac.namespaces import KARGO_NAMESPACE
from rbac.services import grant_role, revoke_role
from rbac.services.escalation import require_held, require_holds_what_claims_give


@transaction.atomic
def grant_member(
    tenant: Tenant, project: Project | None, person: str, role: str, *, actor: Actor, now: datetime
) -> Membership:
    """Give somebody a role of a project or, without one, a system role of the tenant.

    Args:
        tenant: Whose role.
        project: Whose role, within the tenant.
        person: A username, or the e-mail address of just one account.
        role: The name of the role.
        actor: Who gives it; must hold all that the role allows.
        now: When.

    Raises:
        NotFoundError: There is no such role, or no such account for this tenant.
        ForbiddenError: The role allows what the actor does not hold.
    """
    user = person_named(tenant, person)
    _require_holds(tenant, project, role, actor=actor)
    return grant_role(
        user,
        role=role,
        tenant_uid=tenant.uid,
        project_uid=project.uid if project else None,
        actor=actor,
        now=now,
    )


@transaction.atomic
def revoke_member(
    tenant: Tenant,
    project: Project | None,
    username: str,
    role: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Take a role back from somebody.

    Raises:
        NotFoundError: They do not hold it as a member.
    """
    rows = members_of(tenant, project).filter(user__username=username, role=role)
    membership = rows.first()
    if membership is None:
        raise NotFoundError(f'"{username}" does not hold the role "{role}" as a member')
    revoke_role(membership, actor=actor, now=now)


def _require_holds(tenant: Tenant, project: Project | None, role: str, *, actor: Actor) -> None:
    accounts = ServiceAccount.objects.filter(tenant_uid=tenant.uid, name=role)
    if project is not None:
        accounts = accounts.filter(project_uid=project.uid)
    else:
        accounts = accounts.filter(project_uid__isnull=True, namespace=KARGO_NAMESPACE)
    account = accounts.first()
    if account is not None:
        require_holds_what_claims_give(actor, account)
        return
    defaults = PROJECT_ROLES if project else SYSTEM_ROLES
    scope = Scope(tenant.uid, project.uid if project else None)
    require_held(actor, defaults.get(role, ()), at=scope)

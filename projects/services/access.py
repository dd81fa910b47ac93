"""Shows an actor into a tenant and a project, or says that there is none.

To whoever has no role in a tenant, the tenant and everything in it is as if it were not there:
what is missing and what is another tenant's answer alike.
"""

from common.errors import NotFoundError
from projects.models import Project, Tenant
from projects.models.tenant import DEFAULT_TENANT
from projects.selectors import project_named, tenant_named
from rbac.actors import Actor
from rbac.authorizer import Scope
from rbac.selectors import is_member


def enter_tenant(actor: Actor, name: str) -> Tenant:
    """Return the tenant of that name.

    The default tenant is no secret: everybody may enter it, and sees only what they may.

    Raises:
        NotFoundError: There is none, it is suspended (but for operators) or being deleted, or the
            actor has no role in it.
    """
    tenant = tenant_named(name)
    may_know = name == DEFAULT_TENANT or is_member(actor, tenant_uid=tenant.uid)
    is_operator = actor.is_operator and actor.tenant_uid is None
    is_kept = tenant.deletion_requested_at is None
    is_open = is_kept and (tenant.suspended_at is None or is_operator)
    is_elsewhere = actor.tenant_uid is not None and actor.tenant_uid != tenant.uid
    if not may_know or not is_open or is_elsewhere:
        raise NotFoundError(f'tenant "{name}" not found')
    return tenant


def enter_project(actor: Actor, tenant: Tenant, name: str) -> Project:
    """Return a project of ``tenant``; what the actor may do in it is another question.

    Raises:
        NotFoundError: There is none, or the actor has no role in the tenant.
    """
    if not is_member(actor, tenant_uid=tenant.uid):
        raise NotFoundError(f'projects.kargo.akuity.io "{name}" not found')
    return project_named(tenant, name)


def scope_of(project: Project) -> Scope:
    """Return where rights on a project are asked for."""
    return Scope(project.tenant.uid, project.uid)

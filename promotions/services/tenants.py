"""Deletes tenants: asks for it, and has a worker do it."""

from datetime import datetime

from django.db import transaction

from projects.models import Tenant
from projects.services.quotas import read_limits
from projects.services.tenants import request_tenant_deletion, update_tenant as update_itself
from promotions import queue
from promotions.models import WorkKind
from promotions.services import slots
from rbac.actors import Actor
from rbac.audit import PLATFORM


@transaction.atomic
def delete_tenant(
    tenant: Tenant, *, confirmation: str, actor: Actor, reason: str = "", now: datetime
) -> None:
    """Delete a tenant with all that it owns; ``confirmation`` is its name, typed again.

    It is gone for everybody at once. Its rows and files are removed by a worker, some at a time;
    its keys first. Only the audit stays. Asking again has the worker look again.

    Raises:
        InvalidError: The name typed again is another one.
        ConflictError: It is the default tenant.
    """
    request_tenant_deletion(tenant, confirmation=confirmation, actor=actor, reason=reason, now=now)
    # The platform's own work: nothing of a suspended tenant is claimed.
    queue.open_work(kind=WorkKind.TENANT, uid=tenant.uid, tenant_uid=PLATFORM, shard="", due_at=now)


@transaction.atomic
def update_tenant(
    tenant: Tenant,
    *,
    title: str | None = None,
    limits: dict[str, object] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a tenant's title, or limits of its quota; promotions that wait for it look again.

    Raises:
        InvalidError: The title or a limit is not usable.
        ConflictError: The tenant is being deleted.
    """
    update_itself(tenant, title=title, limits=limits, actor=actor, now=now)
    if "max_concurrent_promotions" in read_limits(limits or {}):
        slots.call_all(tenant.uid, now=now)

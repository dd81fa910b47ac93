"""Creates, changes, suspends and resumes tenants, and notes that one is to be deleted."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.errors import ConflictError, FieldProblem, InvalidError
from projects.models import Quota, Tenant
from projects.models.quota import default_limits
from projects.models.tenant import DEFAULT_TENANT
from projects.services.quotas import quota_of, read_limits, refuse_if_leaving
from rbac import audit
from rbac.actors import Actor
from rbac.services import make_system_roles

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_TITLE = 200


@transaction.atomic
def create_tenant(
    name: str,
    *,
    title: str = "",
    limits: Mapping[str, object] | None = None,
    actor: Actor,
    now: datetime,
) -> Tenant:
    """Create a tenant with its system roles; people get in when they are given one.

    Args:
        name: Part of its addresses, so it never changes.
        title: What people call it.
        limits: Those of its quota that differ from the settings'.
        actor: Who creates it.
        now: When.

    Raises:
        InvalidError: The name, the title or a limit is not usable.
        ConflictError: The name is taken, also by a tenant that is being deleted.
    """
    check_name(name)
    quota = {**default_limits(), **read_limits(limits or {})}
    tenant = Tenant(name=name, title=_checked_title(title), created_at=now)
    try:
        with transaction.atomic():
            tenant.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(f'tenant "{name}" already exists', code="exists") from error
    Quota.objects.create(tenant=tenant, storage_bytes=0, **quota)
    make_system_roles(tenant_uid=tenant.uid, now=now)
    after = {"title": tenant.title, "quota": quota}
    _record(tenant, "create", actor=actor, now=now, after=after)
    return tenant


@transaction.atomic
def update_tenant(
    tenant: Tenant,
    *,
    title: str | None = None,
    limits: Mapping[str, object] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a tenant's title, or limits of its quota; what is not named stays.

    A limit below what is used refuses more; it takes nothing away.

    Raises:
        InvalidError: The title or a limit is not usable.
        ConflictError: The tenant is being deleted.
    """
    _lock(tenant)
    refuse_if_leaving(tenant)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if title is not None and _checked_title(title) != tenant.title:
        before["title"], after["title"] = tenant.title, _checked_title(title)
        tenant.title = after["title"]
        Tenant.objects.filter(pk=tenant.pk).update(title=tenant.title)
    quota = quota_of(tenant.uid)
    wanted = read_limits(limits or {})
    changed = {name: it for name, it in wanted.items() if quota and getattr(quota, name) != it}
    if changed:
        before["quota"] = {name: getattr(quota, name) for name in changed}
        after["quota"] = changed
        Quota.objects.filter(tenant=tenant).update(**changed)
    if after:
        _record(tenant, "update", actor=actor, now=now, before=before, after=after)


@transaction.atomic
def suspend_tenant(tenant: Tenant, *, actor: Actor, reason: str, now: datetime) -> None:
    """Make a tenant as if it were not there to all but operators; nothing of it is worked on.

    A step that runs ends; none starts. Suspending what is suspended changes nothing.

    Raises:
        ConflictError: The tenant is being deleted.
    """
    _lock(tenant)
    refuse_if_leaving(tenant)
    if tenant.suspended_at is not None:
        return
    _set(tenant, suspended_at=now)
    _record(tenant, "suspend", actor=actor, now=now, reason=reason)


@transaction.atomic
def resume_tenant(tenant: Tenant, *, actor: Actor, reason: str = "", now: datetime) -> None:
    """Let a suspended tenant go on where it was; one that is not suspended is left as it is.

    Raises:
        ConflictError: The tenant is being deleted.
    """
    _lock(tenant)
    refuse_if_leaving(tenant)
    if tenant.suspended_at is None:
        return
    _set(tenant, suspended_at=None)
    _record(tenant, "resume", actor=actor, now=now, reason=reason)


@transaction.atomic
def request_tenant_deletion(
    tenant: Tenant, *, confirmation: str, actor: Actor, reason: str = "", now: datetime
) -> bool:
    """Note that a tenant is to be deleted with all that it owns; there is no way back.

    It is gone for everybody at once. A worker removes its rows; have it told through
    ``promotions.services.tenants``, which is what everybody calls.

    Args:
        tenant: Which.
        confirmation: Its name, typed again.
        actor: Who asks.
        reason: Why.
        now: When.

    Returns:
        Whether that is new.

    Raises:
        InvalidError: The name typed again is another one.
        ConflictError: It is the default tenant.
    """
    if confirmation != tenant.name:
        reason_ = f'must be the name of the tenant, "{tenant.name}", to delete it for good'
        problem = FieldProblem("confirmation", reason_)
        raise InvalidError(str(problem), problems=(problem,), code="not_confirmed")
    if tenant.name == DEFAULT_TENANT:
        raise ConflictError(
            "The default tenant cannot be deleted; suspend it, or delete its projects.",
            code="default_tenant",
        )
    _lock(tenant)
    if tenant.deletion_requested_at is not None:
        return False
    _set(tenant, deletion_requested_at=now, suspended_at=tenant.suspended_at or now)
    _record(tenant, "delete", actor=actor, now=now, reason=reason)
    return True


def check_name(name: str) -> None:
    """Return if a tenant can be called that.

    Raises:
        InvalidError: It cannot.
    """
    if not _NAME.fullmatch(name):
        reason = (
            "must be at most 63 small letters, digits and hyphens, and begin and end with a "
            "letter or digit"
        )
        problem = FieldProblem("name", reason)
        raise InvalidError(str(problem), problems=(problem,))


def _lock(tenant: Tenant) -> None:
    """Read the tenant's state again, which nobody else changes until commit."""
    audit.take_turn(tenant.uid)
    tenant.refresh_from_db(fields=["title", "suspended_at", "deletion_requested_at"])


def _set(tenant: Tenant, **values: datetime | None) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(**values)
    for name, value in values.items():
        setattr(tenant, name, value)


def _checked_title(title: str) -> str:
    if len(title) > _LONGEST_TITLE or not title.isprintable():
        problem = FieldProblem("title", f"must be one line of at most {_LONGEST_TITLE} characters")
        raise InvalidError(str(problem), problems=(problem,))
    return title.strip()


def _record(tenant: Tenant, verb: str, *, actor: Actor, now: datetime, **facts: Any) -> None:
    act = audit.Act(
        action=f"tenant.{verb}",
        kind="Tenant",
        tenant_uid=tenant.uid,
        object_uid=tenant.uid,
        object_name=tenant.name,
        **facts,
    )
    audit.record(act, actor=actor, at=now)

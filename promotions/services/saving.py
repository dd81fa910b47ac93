"""Writes a declarative object: the row, its generation, the Change and the audit entry.

What does not differ from what is stored is not written: no row, no generation, no Change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from common.errors import ConflictError
from common.models import Resource
from projects.models import ChangeType, Project, Tenant
from projects.services.changes import kind_of, record_change
from projects.services.quotas import size_of
from promotions import queue
from promotions.models import Stage, Work, WorkKind
from promotions.services.storage import bytes_of, charge
from rbac import audit
from rbac.actors import Actor

ResourceT = TypeVar("ResourceT", bound=Resource)

_SPEC = frozenset({"spec"})
_UNAUDITED = frozenset({"encrypted"})
_SHOWN = ("alias", "annotations", "data", "keys", "labels", "spec")
"""What the audit keeps of an object that is deleted, as far as it has it."""


class Outcome(StrEnum):
    """What saving came to."""

    CREATED = "created"
    UPDATED = "configured"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Saved(Generic[ResourceT]):
    """The stored object, and what was done to it.

    Attributes:
        changed: The columns that differ from before.
    """

    resource: ResourceT
    outcome: Outcome
    changed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose object it is; ``project_uid`` is ``None`` for what a tenant owns itself."""

    tenant_uid: UUID
    project_uid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Who writes, when, and on whose behalf."""

    owner: Owner
    actor: Actor
    now: datetime


def owner_of(place: Project | Tenant) -> Owner:
    """Return the owner of what lives in a project, or in a tenant."""
    if isinstance(place, Project):
        return Owner(place.tenant.uid, place.uid)
    return Owner(place.uid)


def save(
    stored: ResourceT | None, blank: ResourceT, columns: Mapping[str, Any], *, write: Write
) -> Saved[ResourceT]:
    """Make the stored object have these columns, or store ``blank`` with them.

    Call it in the transaction of the operation.

    Raises:
        ConflictError: Somebody created an object of that name meanwhile.
        QuotaError: The tenant may not store that much.
    """
    if stored is None:
        return _create(blank, columns, write)
    before = {name: getattr(stored, name) for name in columns}
    changed = {name: value for name, value in columns.items() if before[name] != value}
    if not changed:
        return Saved(stored, Outcome.UNCHANGED)
    if changed.keys() & _SPEC:
        changed["generation"] = stored.generation + 1
    changed["updated_at"] = write.now
    type(stored).everything.filter(pk=stored.pk).update(**changed)
    replaced = {name: before[name] for name in changed.keys() & before.keys()}
    charge(write.owner.tenant_uid, size_of(changed) - size_of(replaced))
    for name, value in changed.items():
        setattr(stored, name, value)
    tell(stored, ChangeType.MODIFIED, write=write)
    shown = changed.keys() & columns.keys() - _UNAUDITED
    record(
        stored,
        "update",
        write=write,
        before={name: before[name] for name in sorted(shown)},
        after={name: columns[name] for name in sorted(shown)},
    )
    return Saved(stored, Outcome.UPDATED, frozenset(changed))


def delete(resource: Resource, *, write: Write) -> None:
    """Mark an object deleted; the row stays as history."""
    type(resource).everything.filter(pk=resource.pk).update(
        deleted_at=write.now, updated_at=write.now
    )
    resource.deleted_at = write.now
    charge(write.owner.tenant_uid, -bytes_of(resource))
    tell(resource, ChangeType.DELETED, write=write)
    record(resource, "delete", write=write, before=_shown(resource))


def tell(resource: Resource, change_type: ChangeType, *, write: Write) -> None:
    """Add the Change."""
    record_change(
        resource,
        change_type=change_type,
        tenant_uid=write.owner.tenant_uid,
        project_uid=write.owner.project_uid,
    )


def record(
    resource: Resource,
    verb: str,
    *,
    write: Write,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Add the audit entry, such as ``stage.update``."""
    kind = kind_of(resource)
    act = audit.Act(
        action=f"{_action_noun(kind)}.{verb}",
        kind=kind,
        tenant_uid=write.owner.tenant_uid,
        project_uid=write.owner.project_uid,
        object_uid=resource.uid,
        object_name=resource.name,
        before=before,
        after=after,
    )
    audit.record(act, actor=write.actor, at=write.now)


def wake_stages(project: Project, *, now: datetime) -> None:
    """Have every Stage of a project looked at."""
    uids = list(Stage.objects.filter(project=project).values_list("uid", flat=True))
    if uids:
        queue.wake_many(kind=WorkKind.STAGE, uids=uids, at=now)


def wake_all_stages(tenant: Tenant, *, now: datetime) -> None:
    """Have every Stage of a tenant looked at."""
    uids = list(Stage.objects.filter(project__tenant=tenant).values_list("uid", flat=True))
    if uids:
        queue.wake_many(kind=WorkKind.STAGE, uids=uids, at=now)


def wake_failed(kind: WorkKind, tenant: Tenant, *, now: datetime) -> None:
    """Have a tenant's objects whose last pass failed looked at: the cause may be gone now."""
    failed = Work.objects.filter(kind=kind, tenant_uid=tenant.uid, failures__gt=0)
    uids = list(failed.values_list("uid", flat=True))
    if uids:
        queue.wake_many(kind=kind, uids=uids, at=now)


def open_or_wake(kind: WorkKind, saved: Saved[Any], *, shard: str, write: Write) -> None:
    """Open the work of a new object; move and wake that of a changed one."""
    uid = saved.resource.uid
    if saved.outcome is Outcome.UNCHANGED:
        return
    queue.open_work(
        kind=kind, uid=uid, tenant_uid=write.owner.tenant_uid, shard=shard, due_at=write.now
    )
    if "shard" in saved.changed:
        Work.objects.filter(kind=kind, uid=uid).update(shard=shard or settings.DEFAULT_SHARD)
        queue.wake(kind=kind, uid=uid, at=write.now)


def _create(blank: ResourceT, columns: Mapping[str, Any], write: Write) -> Saved[ResourceT]:
    for name, value in {**columns, "created_at": write.now, "updated_at": write.now}.items():
        setattr(blank, name, value)
    try:
        with transaction.atomic():
            blank.save(force_insert=True)
    except IntegrityError as error:
        kind = kind_of(blank)
        raise ConflictError(f'{kind} "{blank.name}" already exists', code="exists") from error
    charge(write.owner.tenant_uid, bytes_of(blank))
    tell(blank, ChangeType.ADDED, write=write)
    shown = {name: columns[name] for name in sorted(columns.keys() - _UNAUDITED)}
    record(blank, "create", write=write, after=shown)
    return Saved(blank, Outcome.CREATED, frozenset(columns))


def _shown(resource: Resource) -> dict[str, Any]:
    columns = {name: getattr(resource, name, None) for name in _SHOWN}
    return {name: value for name, value in columns.items() if value}


def _action_noun(kind: str) -> str:
    """Return ``promotion_task`` for ``PromotionTask``."""
    return "".join(f"_{it.lower()}" if it.isupper() else it for it in kind).lstrip("_")

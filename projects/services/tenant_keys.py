"""Changes the keys that secrets are encrypted with, and destroys those of a tenant.

Changing may be cut off and begun again at any time, and goes on beside people and workers who
write: every row is changed only if it is still as it was read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.apps import apps
from django.db.models import Model, QuerySet

from common.errors import ConflictError
from common.models import Sealed
from projects.encryption import (
    DATA_KEY_VERSION,
    KEYRING_VERSION,
    PLATFORM,
    DataKey,
    Reader,
    encrypt_under,
    make_key,
    newest_key,
    newest_keyring_id,
    unwrap,
    wrap_again,
)
from projects.models import Tenant, TenantKey
from rbac import audit
from rbac.actors import Actor

BATCH = 200
"""How many rows are read at once."""

Tell: TypeAlias = Callable[[str], object]
_Rows: TypeAlias = QuerySet[Any]


@dataclass(slots=True)
class Rotation:
    """What changing keys came to.

    Attributes:
        wrapped: Data keys that were wrapped under the newest key of the keyring.
        made: New data keys.
        encrypted: Texts that were encrypted again.
        retired: Data keys under which nothing is left.
        problems: What could not be read, in words.
    """

    wrapped: int = 0
    made: int = 0
    encrypted: int = 0
    retired: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """Return what was done, for the audit."""
        return {
            "wrapped": self.wrapped,
            "made": self.made,
            "encrypted": self.encrypted,
            "retired": self.retired,
            "problems": len(self.problems),
        }


def wrap_keys(*, actor: Actor, now: datetime, tell: Tell) -> Rotation:
    """Wrap every data key under the newest key of the keyring, and leave no text under another.

    Once it says that nothing is left, older keys may leave the keyring.
    """
    done = Rotation()
    newest = newest_keyring_id()
    for row in _batched(TenantKey.objects.exclude(wrapped_by=newest)):
        try:
            done.wrapped += wrap_again(row)
        except ConflictError as error:
            done.problems.append(f"data key {row}: {error.message}")
    tell(f"{done.wrapped} data keys are now wrapped under {newest}")
    for owner, rows in _texts(f"{KEYRING_VERSION}:"):
        done.encrypted += _encrypt_again(rows, owner, newest_key(owner), done.problems)
    tell(f"{done.encrypted} texts without a data key have one now")
    _record("keys.wrap", PLATFORM, done, actor=actor, now=now, key=newest)
    return done


def renew_data_keys(*, actor: Actor, now: datetime, tell: Tell) -> Rotation:
    """Give every tenant a new data key and encrypt everything again under it.

    Where that was begun and cut off, it is finished instead.
    """
    total = Rotation()
    owners = TenantKey.objects.order_by("tenant_uid").values_list("tenant_uid", flat=True)
    for owner in list(owners.distinct()):
        done = Rotation()
        _renew(owner, done, now=now)
        _record("keys.renew", owner, done, actor=actor, now=now)
        tell(
            f"{_named(owner)}: {done.encrypted} texts encrypted again, {done.retired} keys retired"
        )
        total.made += done.made
        total.encrypted += done.encrypted
        total.retired += done.retired
        total.problems += done.problems
    return total


def shred_keys(tenant: Tenant) -> int:
    """Destroy a tenant's data keys and return how many there were.

    Whatever they encrypted, here or in a copy of the database without them, stays unreadable.
    """
    keys = TenantKey.objects.filter(tenant_uid=tenant.uid)
    keys.update(wrapped="")
    return keys.delete()[0]


def keys_left() -> list[str]:
    """Return the ids of older keys of the keyring that something is still encrypted with."""
    newest = newest_keyring_id()
    wrapping = TenantKey.objects.exclude(wrapped_by=newest).values_list("wrapped_by", flat=True)
    left = set(wrapping)
    for model in _sealed_models():
        rows = _manager(model).filter(encrypted__startswith=f"{KEYRING_VERSION}:")
        for text in rows.values_list("encrypted", flat=True).iterator():
            left.add(text.split(":", 2)[1])
    return sorted(left)


def _renew(owner: UUID, done: Rotation, *, now: datetime) -> None:
    keys = list(TenantKey.objects.filter(tenant_uid=owner).order_by("-number"))
    newest, older = keys[0], keys[1:]
    if all(it.retired_at is not None for it in older):  # the last time was not cut off
        newest = make_key(owner, number=newest.number + 1)
        older = keys
        done.made += 1
    try:
        key = unwrap(newest)
    except ConflictError as error:
        done.problems.append(f"{_named(owner)}: {error.message}")
        return
    for _, rows in _texts_of(owner, key):
        done.encrypted += _encrypt_again(rows, owner, key, done.problems)
    if done.problems or any(rows.exists() for _, rows in _texts_of(owner, key)):
        return
    idle = TenantKey.objects.filter(pk__in=[it.pk for it in older], retired_at__isnull=True)
    done.retired += idle.update(retired_at=now)


def _encrypt_again(rows: _Rows, owner: UUID, key: DataKey, problems: list[str]) -> int:
    """Encrypt texts under ``key``; what somebody writes meanwhile is left as they wrote it."""
    count = 0
    reader = Reader(owner)
    for row in _batched(rows.only("pk", "uid", "encrypted")):
        bound_to, text = str(row.uid), row.encrypted
        try:
            values = reader.decrypt(text, bound_to=bound_to)
        except (ConflictError, ValueError) as error:
            problems.append(f"{type(row).__name__} {row.uid}: {error}")
            continue
        new = encrypt_under(key, values, bound_to=bound_to)
        count += _manager(type(row)).filter(pk=row.pk, encrypted=text).update(encrypted=new)
    return count


def _texts(prefix: str) -> Iterator[tuple[UUID, _Rows]]:
    """Yield the texts that begin with ``prefix``, by owner."""
    for model in _sealed_models():
        rows = _manager(model).filter(encrypted__startswith=prefix)
        if not model.TENANT_LOOKUP:
            yield PLATFORM, rows
            continue
        for owner in list(rows.order_by().values_list(model.TENANT_LOOKUP, flat=True).distinct()):
            yield owner or PLATFORM, rows.filter(**{model.TENANT_LOOKUP: owner})


def _texts_of(owner: UUID, key: DataKey) -> Iterator[tuple[type[Sealed], _Rows]]:
    """Yield an owner's texts that are not under ``key``."""
    for model in _sealed_models():
        rows = _manager(model).exclude(encrypted="")
        if model.TENANT_LOOKUP:
            rows = rows.filter(**{model.TENANT_LOOKUP: None if owner == PLATFORM else owner})
        elif owner != PLATFORM:
            continue
        yield model, rows.exclude(encrypted__startswith=f"{DATA_KEY_VERSION}:{key.number}:")


def _batched(rows: _Rows) -> Iterator[Any]:
    """Yield rows in order of their keys, a batch in memory at a time."""
    last = 0
    while batch := list(rows.filter(pk__gt=last).order_by("pk")[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _sealed_models() -> list[type[Sealed]]:
    return [it for it in apps.get_models() if issubclass(it, Sealed)]


def _manager(model: type[Model]) -> Any:
    """Return the manager of all rows, deleted ones too."""
    return model._base_manager  # noqa: SLF001 - Django's documented name for it


def _named(owner: UUID) -> str:
    tenant = Tenant.objects.filter(uid=owner).first()
    return "platform" if owner == PLATFORM else str(tenant or owner)


def _record(
    action: str, owner: UUID, done: Rotation, *, actor: Actor, now: datetime, **facts: str
) -> None:
    act = audit.Act(
        action=action, kind="TenantKey", tenant_uid=owner, after={**done.counts, **facts}
    )
    audit.record(act, actor=actor, at=now)

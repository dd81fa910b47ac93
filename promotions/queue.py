"""Asks for work: marks it due and rings the workers, in the caller's transaction.

The only module that names tasks, and the only caller of django-q2.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Least, Now
from django_q.models import OrmQ
from django_q.tasks import async_task

from promotions.models import Work, WorkKind

WORK_THROUGH = "promotions.tasks.work_through"
ENOUGH_RINGS = 16
"""How many rings may wait in a shard's queue. One brings a worker that takes whatever is due, so
more add nothing, and a shard without workers must not fill the table."""


def open_work(
    *, kind: WorkKind, uid: UUID, tenant_uid: UUID, shard: str, due_at: datetime | None
) -> None:
    """Create the standing order of a new object and, unless ``due_at`` is ``None``, wake it."""
    row = Work(kind=kind, uid=uid, tenant_uid=tenant_uid, shard=shard or settings.DEFAULT_SHARD)
    Work.objects.bulk_create([row], ignore_conflicts=True)
    if due_at is not None:
        wake(kind=kind, uid=uid, at=due_at)


def close_work(*, kind: WorkKind, uid: UUID) -> None:
    """Remove the standing order of an object that is gone; a pass under way stores nothing."""
    Work.objects.filter(kind=kind, uid=uid).delete()


@transaction.atomic
def revoke(*, kind: WorkKind, uid: UUID, at: datetime) -> None:
    """Take the lease from whoever is at the object, so that its pass can store nothing more.

    The object is due at ``at``, for its reconciler to clean up. This waits for a transaction of
    that pass which is being committed, so call it before writing to the object's own rows: the
    pass locks them in that order too.
    """
    rows = Work.objects.filter(kind=kind, uid=uid)
    if rows.select_for_update().first() is None:
        return
    rows.update(fence=F("fence") + 1, lease_owner="", lease_until=None)
    wake(kind=kind, uid=uid, at=at)


def hold(kind: WorkKind, uids: Iterable[UUID], *, busy_too: bool = True) -> set[UUID]:
    """Let no pass over the objects store anything until we commit.

    Call it before writing to any other row, in the order in which passes wake each other: first
    what is promoted, then its promotion request, then its Stage. A pass holds its own work and
    then wakes its owner, so any other order ends in a deadlock sooner or later.

    Args:
        kind: Of the objects.
        uids: Which; those without work are ignored.
        busy_too: Whether to wait for passes that are storing something just now.

    Returns:
        Those that were left alone, because of such a pass.
    """
    rows = Work.objects.filter(kind=kind, uid__in=list(uids)).order_by("pk")
    locked = rows.select_for_update(skip_locked=not busy_too)
    held = set(locked.values_list("uid", flat=True))
    return set() if busy_too else set(rows.values_list("uid", flat=True)) - held


def wake(*, kind: WorkKind, uid: UUID, at: datetime) -> None:
    """Make the object's work due no later than ``at``, and ring its shard.

    Idempotent: a hundred calls cost one reconcile. A call that comes while the object is being
    reconciled makes it due again afterwards. An unknown object is ignored.
    """
    wake_many(kind=kind, uids=[uid], at=at)


@transaction.atomic(savepoint=False)
def wake_many(*, kind: WorkKind, uids: list[UUID], at: datetime) -> None:
    """As :func:`wake` for many objects, with at most one ring for each worker of a shard."""
    rows = _held(kind, uids)
    late = [pk for pk, _, due_at in rows if due_at is None or due_at > at]
    if late:
        soonest = Least(Coalesce(F("due_at"), at), at)
        Work.objects.filter(pk__in=late).update(due_at=soonest)
    shards = [shard for _, shard, _ in rows]
    for shard in sorted(set(shards)):
        ring(shard, times=min(shards.count(shard), settings.WORKERS))


def ring(shard: str, *, times: int = 1) -> None:
    """Tell the workers of ``shard`` that something is due; losing or doubling it is harmless.

    Nothing is added to a queue in which :data:`ENOUGH_RINGS` wait already.
    """
    for _ in range(min(times, ENOUGH_RINGS - _waiting_rings(shard))):
        # The cluster is always named: inside a shard's worker the default is that shard.
        async_task(WORK_THROUGH, shard=shard, cluster=shard, save=False, ack_failure=True)


def sweep(shard: str, *, hands: int) -> int:
    """Ring for what has come due in ``shard`` or was left by a dead worker.

    Safe to run anywhere at any time: it only tops up the rings that wait already.

    Args:
        shard: Whose queue.
        hands: How many workers could take something now.

    Returns:
        How many rings were added.
    """
    tenants = list(Work.objects.waiting_since(shard))
    rows = Work.objects.claimable(shard).filter(tenant_uid__in=tenants)
    due = rows[:hands].count() if tenants else 0
    rings = due - _waiting_rings(shard) if due else 0
    ring(shard, times=rings)
    return max(rings, 0)


def _held(kind: WorkKind, uids: list[UUID]) -> list[tuple[int, str, datetime | None]]:
    """Return (pk, shard, due time) of the objects' rows, which nobody claims until we commit.

    Without the hold, a claim that is just committing could take a row that looks due already, and
    start before what the caller writes can be seen. Other calls like this one do not wait.
    """
    if not uids:
        return []  # the statement below cannot be written for nothing
    rows = Work.objects.filter(kind=kind, uid__in=uids).order_by("pk")
    query = rows.values_list("pk", "shard", "due_at")
    if connection.vendor != "postgresql":  # SQLite's writing transactions are serial anyway
        return list(query)
    sql, params = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR KEY SHARE", params)
        return [(pk, shard, due_at) for pk, shard, due_at in cursor.fetchall()]


def _waiting_rings(shard: str) -> int:
    rings: int = OrmQ.objects.filter(key=shard, lock__lte=Now()).count()
    return rings

"""Asks for work: marks it due and rings the workers, in the caller's transaction.

The only module that names tasks, and the only caller of django-q2.
"""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Least
from django_q.tasks import async_task

from promotions.models import Work, WorkKind

WORK_THROUGH = "promotions.tasks.work_through"


def open_work(*, kind: WorkKind, uid: UUID, tenant_uid: UUID, shard: str, due_at: datetime) -> None:
    """Create the standing order of a new object, due at once, and ring its shard."""
    Work.objects.get_or_create(
        kind=kind,
        uid=uid,
        defaults={"tenant_uid": tenant_uid, "shard": shard or settings.DEFAULT_SHARD},
    )
    wake(kind=kind, uid=uid, at=due_at)


def wake(*, kind: WorkKind, uid: UUID, at: datetime) -> None:
    """Make the object's work due no later than ``at``, and ring its shard.

    Idempotent: a hundred calls cost one reconcile. A call that comes while the object is being
    reconciled makes it due again afterwards. An unknown object is ignored.
    """
    rows = Work.objects.filter(kind=kind, uid=uid)
    shard = rows.values_list("shard", flat=True).first()
    if shard is None:
        return
    rows.update(due_at=Least(Coalesce(F("due_at"), at), at))
    ring(shard)


def wake_many(*, kind: WorkKind, uids: list[UUID], at: datetime) -> None:
    """As :func:`wake` for many objects, with one ring a shard."""
    rows = Work.objects.filter(kind=kind, uid__in=uids)
    shards = set(rows.values_list("shard", flat=True))
    rows.filter(Q(due_at__isnull=True) | Q(due_at__gt=at)).update(due_at=at)
    for shard in shards:
        ring(shard)


def ring(shard: str) -> None:
    """Tell the workers of ``shard`` that something is due; losing or doubling it is harmless."""
    cluster = None if shard == settings.DEFAULT_SHARD else shard
    async_task(WORK_THROUGH, shard=shard, cluster=cluster, save=False, ack_failure=True)

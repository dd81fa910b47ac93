"""Decides what a worker does next: the most deserving due work of its shard.

Tenants take turns, so that one tenant's flood delays nobody: first whoever has the fewest passes
running, then whoever was served longest ago, then whoever has waited longest.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F
from django.db.models.functions import Now

from promotions.engine.retry import backoff
from promotions.models import Work, WorkKind
from promotions.models.work import WorkQuerySet
from promotions.reconcilers.leases import Lease, lease_length

REMEMBERED_TURNS = 256
"""How many of the shard's last claims tell whom it served last."""
_VANISHED = "The worker that was at it died or was cut off."


def claim(shard: str, *, owner: str) -> Lease | None:
    """Take the lease on the most deserving due work of ``shard``; ``None`` if nothing is due.

    Args:
        shard: Whose work.
        owner: Who takes it; different for every worker process.
    """
    waiting = Work.objects.waiting_since(shard)
    for tenant in _in_turn(shard, waiting):
        was_left = waiting[tenant] is None
        lease = _claim_from(shard, tenant, owner=owner, was_left=was_left)
        if lease is not None:
            return replace(lease, others=_others(shard, tenant, waiting))
    return None


def _others(shard: str, tenant: UUID, waiting: dict[UUID, datetime | None]) -> int:
    """Return how many tenants wait, the one that was served only if it has more."""
    more = Work.objects.due(shard).filter(tenant_uid=tenant).exists()
    return len(waiting) - 1 + more


def _in_turn(shard: str, waiting: dict[UUID, datetime | None]) -> list[UUID]:
    if len(waiting) <= 1:
        return list(waiting)
    running = Work.objects.running().order_by().values("tenant_uid").annotate(passes=Count("pk"))
    passes = dict(running.values_list("tenant_uid", "passes"))
    served = {tenant: turn for turn, tenant in enumerate(_recently_served(shard))}

    def deserves(tenant: UUID) -> tuple[int, int, bool, str]:
        since = waiting[tenant]
        return (
            passes.get(tenant, 0),
            served.get(tenant, -1),
            since is not None,
            since.isoformat() if since else "",
        )

    return sorted(waiting, key=deserves)


def _recently_served(shard: str) -> Iterator[UUID]:
    """Yield the tenants of the last claims, the oldest claim first."""
    claims = Work.objects.filter(shard=shard, claimed_at__isnull=False).order_by("-claimed_at")
    return reversed(claims.values_list("tenant_uid", flat=True)[:REMEMBERED_TURNS])


def _claim_from(shard: str, tenant: UUID, *, owner: str, was_left: bool) -> Lease | None:
    """Take what waits longest; what dead workers left, if anything, goes first."""
    with transaction.atomic():
        if _is_at_limit(tenant):
            return None
        while True:
            row = _first(Work.objects.left(shard), tenant) if was_left else None
            row = row or _first(Work.objects.due(shard), tenant)
            if row is None:
                return None
            if row.lease_until is None or not _buried(row):
                return _take(row, owner=owner)


def _first(rows: WorkQuerySet, tenant: UUID) -> Work | None:
    """Return the row of ``tenant`` that waits longest, locked.

    The lock also waits out, by skipping, whoever holds the row's lease in a transaction.
    """
    rows = rows.filter(tenant_uid=tenant).order_by("due_at", "pk")
    return rows.select_for_update(skip_locked=True).first()


def _is_at_limit(tenant: UUID) -> bool:
    limit: int = settings.MAX_CONCURRENT_PER_TENANT
    if limit <= 0:
        return False
    if connection.vendor == "postgresql":  # SQLite's writing transactions are serial anyway
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [str(tenant)])
    return Work.objects.running().filter(tenant_uid=tenant).count() >= limit


def _buried(row: Work) -> bool:
    """Count a death at this work as a failure; return whether it must now wait.

    The first is forgiven at once. Work that keeps killing its workers waits longer each time.
    """
    row.failures += 1
    row.last_error = _VANISHED
    if row.failures == 1:
        return False
    Work.objects.filter(pk=row.pk).update(
        fence=F("fence") + 1,
        lease_owner="",
        lease_until=None,
        due_at=Now() + backoff(row.failures - 1),
        failures=row.failures,
        last_error=row.last_error,
    )
    return True


def _take(row: Work, *, owner: str) -> Lease:
    Work.objects.filter(pk=row.pk).update(
        fence=row.fence + 1,
        lease_owner=owner,
        lease_until=Now() + lease_length(),
        claimed_at=Now(),
        due_at=None,
        failures=row.failures,
        last_error=row.last_error,
    )
    return Lease(
        work_id=row.pk,
        kind=WorkKind(row.kind),
        uid=row.uid,
        tenant_uid=row.tenant_uid,
        shard=row.shard,
        owner=owner,
        fence=row.fence + 1,
        due_at=row.due_at,
        failures=row.failures,
        claimed_before=row.claimed_at,
    )

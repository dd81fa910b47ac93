"""Work: what is due, for which object, and who is at it."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now

from common.clock import now
from projects.models import Tenant

EARLY = timedelta(milliseconds=100)
"""How much too early work may be taken: the hosts' clocks differ a little from the database's,
and what was asked for "now" must not wait for the next sweep."""
GLANCE = 64
"""How many due rows are looked at before asking tenant by tenant."""

_SOON = {
    "postgresql": "STATEMENT_TIMESTAMP() + INTERVAL '100 milliseconds'",
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '+0.1 seconds')",
}
"""As in :data:`EARLY`."""

# One step down an index a tenant, which no GROUP BY does: PostgreSQL calls it a loose index scan
# and has none (https://wiki.postgresql.org/wiki/Loose_indexscan).
_FIRST_OF_EACH_TENANT = """
WITH RECURSIVE tenants(tenant_uid) AS (
    SELECT (SELECT tenant_uid FROM promotions_work
            WHERE shard = %(shard)s AND due_at IS NOT NULL AND lease_until IS NULL
            ORDER BY tenant_uid LIMIT 1)
    UNION ALL
    SELECT (SELECT work.tenant_uid FROM promotions_work AS work
            WHERE work.shard = %(shard)s AND work.due_at IS NOT NULL
              AND work.lease_until IS NULL AND work.tenant_uid > tenants.tenant_uid
            ORDER BY work.tenant_uid LIMIT 1)
    FROM tenants WHERE tenants.tenant_uid IS NOT NULL
)
SELECT tenant_uid, due_at FROM (
    SELECT tenants.tenant_uid,
           (SELECT work.due_at FROM promotions_work AS work
            WHERE work.shard = %(shard)s AND work.tenant_uid = tenants.tenant_uid
              AND work.due_at IS NOT NULL AND work.lease_until IS NULL
            ORDER BY work.due_at LIMIT 1) AS due_at
    FROM tenants WHERE tenants.tenant_uid IS NOT NULL
) AS firsts
WHERE due_at <= {soon} ORDER BY due_at
"""


class WorkKind(models.TextChoices):
    """What a reconciler converges."""

    WAREHOUSE = "warehouse"
    STAGE = "stage"
    PROMOTION = "promotion"
    PROMOTION_REQUEST = "promotionrequest"
    PREVIEW = "preview"
    TENANT = "tenant"
    ANALYSIS_RUN = "analysis_run"
    CONTROL_PLANE = "control_plane"


class WorkQuerySet(models.QuerySet["Work"]):
    """Questions about work, answered by the database's clock."""

    def due(self, shard: str) -> Self:
        """Return what is due in ``shard`` and nobody is at."""
        return self.filter(due_at__lte=Now() + EARLY, lease_until__isnull=True, shard=shard)

    def left(self, shard: str) -> Self:
        """Return what dead workers of ``shard`` left."""
        return self.filter(lease_until__lte=Now(), shard=shard)

    def claimable(self, shard: str) -> Self:
        """Return what a worker of ``shard`` may take: due and free, or left by a dead worker."""
        return self.due(shard) | self.left(shard)

    def running(self) -> Self:
        """Return what some worker is at."""
        return self.filter(lease_until__gt=Now())

    def waiting_since(self, shard: str) -> dict[UUID, datetime | None]:
        """Return the tenants with something to claim in ``shard``, and since when it is due.

        ``None`` is since before anything else: a dead worker left it. Of a tenant that is
        suspended nothing is claimed. It looks at no more than :data:`GLANCE` rows, and then at
        one row a tenant: the length of a tenant's queue costs nothing.
        """
        found: dict[UUID, datetime | None] = {}
        rows = self.due(shard).order_by("due_at").values_list("tenant_uid", "due_at")
        seen = list(rows[:GLANCE])
        if len(seen) == GLANCE:
            seen = _first_of_each_tenant(shard)
        for tenant, since in seen:
            found.setdefault(tenant, since)
        found |= dict.fromkeys(self.left(shard).order_by().values_list("tenant_uid", flat=True))
        for tenant in _suspended() if found else ():
            found.pop(tenant, None)
        return found


class Work(models.Model):
    """One object's standing order: reconcile it when due.

    ``due_at`` null means that nothing is asked. Claiming sets it to null, takes the lease and
    raises ``fence``; a request that arrives during the pass sets ``due_at`` again, and ending the
    pass keeps whichever time is sooner. A lease that ran out makes the row due again, so a killed
    worker loses nothing. Every write of a pass first holds this row where ``fence`` is still its
    own, and fails if it is not; whoever raises ``fence`` locks the row against that.
    """

    kind = models.CharField(max_length=16, choices=WorkKind.choices)
    uid = models.UUIDField()
    tenant_uid = models.UUIDField()
    shard = models.CharField(max_length=63)
    due_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=128, blank=True)
    lease_until = models.DateTimeField(null=True)
    claimed_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "work"
        constraints = [models.UniqueConstraint(fields=["kind", "uid"], name="work_once")]
        indexes = [
            # What a worker of a shard may take, and what the sweeper looks for.
            models.Index(fields=["shard", "due_at"], name="work_due"),
            # The first of each tenant, without a look at the rest of its queue.
            models.Index(
                fields=["shard", "tenant_uid", "due_at"],
                name="work_tenant_due",
                condition=Q(due_at__isnull=False, lease_until__isnull=True),
            ),
            # Who is at what, and whose lease ran out: never more rows than workers.
            models.Index(
                fields=["lease_until"], name="work_leases", condition=Q(lease_until__isnull=False)
            ),
            # Whom the shard served last.
            models.Index(fields=["shard", "-claimed_at"], name="work_turns"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class WorkerBeat(models.Model):
    """A worker host's sign of life, for one shard."""

    worker = models.CharField(max_length=128, unique=True)
    shard = models.CharField(max_length=63)
    at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.worker} ({self.shard})"


def _first_of_each_tenant(shard: str) -> list[tuple[UUID, datetime | None]]:
    statement = _FIRST_OF_EACH_TENANT.format(soon=_SOON[connection.vendor])
    with connection.cursor() as cursor:
        cursor.execute(statement, {"shard": shard})
        return [(_uuid(uid), _datetime(at)) for uid, at in cursor.fetchall()]


def _suspended() -> list[UUID]:
    rows = Tenant.objects.filter(suspended_at__isnull=False)
    return list(rows.values_list("uid", flat=True))


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)  # SQLite keeps texts


def _datetime(value: Any) -> datetime:
    return (
        value if isinstance(value, datetime) else datetime.fromisoformat(value).replace(tzinfo=UTC)
    )

"""Work: what is due, for which object, and who is at it."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from common.clock import now

EARLY = timedelta(milliseconds=100)
"""How much too early work may be taken: the hosts' clocks differ a little from the database's,
and what was asked for "now" must not wait for the next sweep."""


class WorkKind(models.TextChoices):
    """What a reconciler converges."""

    WAREHOUSE = "warehouse"
    STAGE = "stage"
    PROMOTION = "promotion"
    PREVIEW = "preview"


class WorkQuerySet(models.QuerySet["Work"]):
    """Questions about work, answered by the database's clock."""

    def claimable(self, shard: str) -> Self:
        """Return what a worker of ``shard`` may take: due and free, or left by a dead worker."""
        due = Q(due_at__lte=Now() + EARLY, lease_until__isnull=True)
        return self.filter(due | Q(lease_until__lte=Now()), shard=shard)

    def running(self) -> Self:
        """Return what some worker is at."""
        return self.filter(lease_until__gt=Now())


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

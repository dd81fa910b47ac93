"""Work: what is due, for which object, and who is at it."""

from django.db import models

from common.clock import now


class WorkKind(models.TextChoices):
    """What a reconciler converges."""

    WAREHOUSE = "warehouse"
    STAGE = "stage"
    PROMOTION = "promotion"


class Work(models.Model):
    """One object's standing order: reconcile it when due.

    ``due_at`` null means that nothing is asked. Claiming sets it to null, takes the lease and
    raises ``fence``; a request that arrives during the pass sets ``due_at`` again, and ending the
    pass keeps whichever time is sooner. A lease that ran out makes the row due again, so a killed
    worker loses nothing. Every write of a pass first touches this row where ``fence`` is still its
    own, and fails if it is not.
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

    class Meta:
        verbose_name_plural = "work"
        constraints = [models.UniqueConstraint(fields=["kind", "uid"], name="work_once")]
        indexes = [
            # What a worker of a shard may take, and what the sweeper looks for.
            models.Index(fields=["shard", "due_at"], name="work_due"),
            models.Index(fields=["shard", "lease_until"], name="work_leases"),
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

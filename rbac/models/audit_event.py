"""Who did what to what: append-only, chained per tenant by hash."""

import uuid

from django.db import models


class AuditChain(models.Model):
    """The head of one tenant's chain; locked while a link is added."""

    tenant_uid = models.UUIDField(primary_key=True)
    length = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.tenant_uid}: {self.length}"


class AuditEvent(models.Model):
    """One act. ``before`` and ``after`` hold what changed, with secrets redacted."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    tenant_uid = models.UUIDField()
    sequence = models.BigIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=253)
    address = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    project_uid = models.UUIDField(null=True, blank=True)
    kind = models.CharField(max_length=64)
    object_uid = models.UUIDField(null=True, blank=True)
    object_name = models.CharField(max_length=253, blank=True)
    reason = models.TextField(blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_uid", "sequence"], name="audit_link_once")
        ]
        indexes = [
            # The history of one object, newest first.
            models.Index(fields=["tenant_uid", "object_uid", "-sequence"], name="audit_object"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.actor} {self.action} {self.object_name}"

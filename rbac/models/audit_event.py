"""Who did what to what: append-only, chained per tenant by hash.

On PostgreSQL, triggers refuse everything but appending (migration ``0003_audit``).
"""

import uuid

from django.db import models

PLATFORM = uuid.UUID(int=0)
"""The chain of acts that belong to no tenant, such as making an operator."""


class AuditChain(models.Model):
    """The head of one tenant's chain; locked while a link is added.

    ``signature`` is over the rest, by a key that is not in the database.
    """

    tenant_uid = models.UUIDField(primary_key=True)
    length = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64, default="")
    signature = models.CharField(max_length=64, default="", editable=False)

    def __str__(self) -> str:
        return f"{self.tenant_uid}: {self.length}"


class AuditCheckpoint(models.Model):
    """How long a chain was at some time and where it ended, signed.

    Copies kept elsewhere show that a chain was cut off even to who can write to this database.
    """

    tenant_uid = models.UUIDField()
    length = models.BigIntegerField()
    head = models.CharField(max_length=64)
    at = models.DateTimeField()
    signature = models.CharField(max_length=64)

    class Meta:
        indexes = [
            # What is signed of some stretch of one chain.
            models.Index(fields=["tenant_uid", "length"], name="audit_checkpoint"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant_uid}: {self.length} at {self.at:%Y-%m-%d %H:%M}"


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
            # The history, newest first, of one object, project, person, act or kind.
            models.Index(fields=["tenant_uid", "object_uid", "-sequence"], name="audit_object"),
            models.Index(fields=["tenant_uid", "project_uid", "-sequence"], name="audit_project"),
            models.Index(fields=["tenant_uid", "actor", "-sequence"], name="audit_actor"),
            models.Index(fields=["tenant_uid", "action", "-sequence"], name="audit_action"),
            models.Index(fields=["tenant_uid", "kind", "-sequence"], name="audit_kind"),
            models.Index(fields=["tenant_uid", "object_name", "-sequence"], name="audit_name"),
            # Where in a chain a day begins and ends.
            models.Index(fields=["tenant_uid", "at", "sequence"], name="audit_time"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.actor} {self.action} {self.object_name}"

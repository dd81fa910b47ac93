"""The outbox: one row for every committed write of a public object."""

from django.db import models

from common.clock import now


class ChangeType(models.TextChoices):
    """What happened, in the words of a Kubernetes watch."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


class Change(models.Model):
    """Says that an object changed, not how; written in the transaction of the change.

    ``id`` is the object's new ``resourceVersion``. Ids are given out before commit, so a reader
    must not trust that a smaller id is already visible: ``transaction`` (PostgreSQL's
    transaction id, null elsewhere) lets ``selectors.changes_after`` hold back what is newer than
    the oldest running transaction.
    """

    tenant_uid = models.UUIDField()
    project_uid = models.UUIDField(null=True)
    kind = models.CharField(max_length=32)
    uid = models.UUIDField()
    name = models.CharField(max_length=253)
    type = models.CharField(max_length=8, choices=ChangeType.choices)
    at = models.DateTimeField(default=now)
    transaction = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            # Following one project's changes (portal, watches).
            models.Index(fields=["project_uid", "id"], name="change_project"),
            # Following all changes in an order that late commits cannot slip behind.
            models.Index(fields=["transaction", "id"], name="change_order"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.type} {self.kind}/{self.name}"

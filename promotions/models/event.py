"""Events: what happened to promotions and Freight, as a project's page of events tells it."""

import uuid

from django.db import models


class Event(models.Model):
    """One thing that happened, in Kargo's words; written with what it tells of, never changed.

    ``annotations`` hold the facts, under their short names (``stage-name``); those without a value
    are not there.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="events")
    reason = models.CharField(max_length=63)
    message = models.TextField(blank=True)
    object_kind = models.CharField(max_length=32)
    object_name = models.CharField(max_length=253)
    object_uid = models.UUIDField()
    annotations = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            # The newest events of a project.
            models.Index(fields=["project", "-at", "-id"], name="event_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.object_name}"

"""Verifications of what a Stage holds."""

import uuid

from django.db import models


class Verification(models.Model):
    """One verification of one collection; Kargo's VerificationInfo."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    collection = models.ForeignKey(
        "promotions.FreightCollection", on_delete=models.CASCADE, related_name="verifications"
    )
    actor = models.CharField(max_length=253, blank=True)
    phase = models.CharField(max_length=16)
    message = models.TextField(blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    analysis_run = models.JSONField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.uid} {self.phase}"

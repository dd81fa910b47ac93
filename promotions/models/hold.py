"""Holds: origins that a Stage does not promote by itself for now."""

from django.db import models


class AutoPromotionHold(models.Model):
    """A person promoted something else than the newest: automation waits until told otherwise."""

    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="auto_promotion_holds"
    )
    origin = models.CharField(max_length=264)
    freight_name = models.CharField(max_length=40)
    promotion_name = models.CharField(max_length=253)
    actor = models.CharField(max_length=253, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stage", "origin"], name="hold_once")]

    def __str__(self) -> str:
        return f"{self.origin} held at {self.freight_name}"

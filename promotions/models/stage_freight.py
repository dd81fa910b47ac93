"""How one piece of Freight stands in one Stage."""

from django.db import models


class StageFreight(models.Model):
    """Kargo's ``currentlyIn``, ``verifiedIn`` and ``approvedFor`` for one Stage, with their times.

    ``longest_soak`` is how long it stayed here at most, of the stays that ended.
    """

    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="freight_standings"
    )
    freight = models.ForeignKey(
        "promotions.Freight", on_delete=models.CASCADE, related_name="standings"
    )
    current_since = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    longest_soak = models.DurationField(null=True, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stage", "freight"], name="stage_freight_once")
        ]
        indexes = [
            # What a Stage's downstream may take: verified here.
            models.Index(fields=["stage", "verified_at"], name="stage_freight_verified"),
        ]

    def __str__(self) -> str:
        return f"{self.freight_id} in {self.stage_id}"

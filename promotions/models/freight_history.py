"""What a Stage held, and when: all of it, newest first."""

from django.db import models


class FreightCollection(models.Model):
    """One set of Freight that a Stage held, made current by one Promotion."""

    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="freight_history"
    )
    collection_id = models.CharField(max_length=40)
    promotion = models.ForeignKey(
        "promotions.Promotion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [
            # The current collection, and the history, of a Stage.
            models.Index(fields=["stage", "-id"], name="freight_collection_newest"),
        ]

    def __str__(self) -> str:
        return self.collection_id


class FreightCollectionItem(models.Model):
    """One origin's Freight in a collection."""

    collection = models.ForeignKey(
        "promotions.FreightCollection", on_delete=models.CASCADE, related_name="items"
    )
    origin = models.CharField(max_length=264)
    freight = models.ForeignKey("promotions.Freight", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "origin"], name="freight_collection_origin_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.origin}: {self.freight_id}"

"""Stages that may not start a promotion yet because their tenant runs as many as it may."""

from django.db import models


class SlotWait(models.Model):
    """A Stage's place in the line for one of its tenant's concurrent promotions.

    A hint, not a reservation: whoever asks when there is room starts. Who waits longest is
    asked first.
    """

    stage = models.OneToOneField(
        "promotions.Stage", on_delete=models.CASCADE, related_name="slot_wait", primary_key=True
    )
    tenant_uid = models.UUIDField()
    since = models.DateTimeField()

    class Meta:
        indexes = [
            # Who is asked next when a promotion of the tenant ends.
            models.Index(fields=["tenant_uid", "since"], name="slot_wait_line"),
        ]

    def __str__(self) -> str:
        return f"stage {self.stage_id} since {self.since}"

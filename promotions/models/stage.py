"""Stages: where Freight is promoted to."""

from django.db import models

from common.models import Resource


class Stage(Resource):
    """One step of a pipeline. ``spec`` is Kargo's, validated and defaulted.

    Status is columns: what runs now, what ran last, health and conditions. What it holds is in
    :class:`FreightCollection`, newest first; who may pass is in :class:`StageFreight`.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="stages")
    spec = models.JSONField()
    shard = models.CharField(max_length=63, blank=True)
    is_control_flow = models.BooleanField(default=False)
    conditions = models.JSONField(default=list, blank=True)
    observed_generation = models.PositiveIntegerField(default=0)
    current_promotion = models.ForeignKey(
        "promotions.Promotion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_promotion = models.ForeignKey(
        "promotions.Promotion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    current_request = models.ForeignKey(
        "promotions.PromotionRequest",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    last_request = models.ForeignKey(
        "promotions.PromotionRequest",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    auto_promotion_enabled = models.BooleanField(default=False)
    health = models.JSONField(null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    refresh_token = models.CharField(max_length=128, blank=True)
    handled_refresh = models.CharField(max_length=128, blank=True)
    window_status = models.JSONField(null=True, blank=True)
    reverify_request = models.JSONField(null=True, blank=True)
    abort_request = models.JSONField(null=True, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="stage_name_once",
            )
        ]

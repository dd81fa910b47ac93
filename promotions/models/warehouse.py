"""Warehouses: what to watch, and what was found."""

from django.db import models

from common.models import Resource


class Warehouse(Resource):
    """Watches repositories and packages new revisions as Freight.

    ``spec`` is Kargo's, validated and defaulted. ``discovered`` is Kargo's
    ``status.discoveredArtifacts``.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="warehouses"
    )
    spec = models.JSONField()
    shard = models.CharField(max_length=63, blank=True)
    conditions = models.JSONField(default=list, blank=True)
    discovered = models.JSONField(null=True, blank=True)
    discovered_at = models.DateTimeField(null=True, blank=True)
    observed_generation = models.PositiveIntegerField(default=0)
    last_freight_name = models.CharField(max_length=40, blank=True)
    refresh_token = models.CharField(max_length=128, blank=True)
    handled_refresh = models.CharField(max_length=128, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="warehouse_name_once",
            )
        ]

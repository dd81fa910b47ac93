"""Targets: destinations, such as clusters, that one Stage promotes to."""

from django.db import models

from common.models import Resource


class Target(Resource):
    """One destination. ``spec`` is Kargo's: parameters for the steps that promote to it."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="targets"
    )
    spec = models.JSONField(default=dict, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="target_name_once",
            )
        ]

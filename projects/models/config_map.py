"""ConfigMaps: plain keys and values."""

from django.db import models

from common.models import Resource


class ConfigMap(Resource):
    """Keys and values of a project, or of the tenant's shared or system namespace."""

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="config_maps"
    )
    project = models.ForeignKey(
        "projects.Project",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="config_maps",
    )
    namespace = models.CharField(max_length=253)
    data = models.JSONField(default=dict)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "namespace", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="config_map_name_once",
            )
        ]

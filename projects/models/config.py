"""Configuration of a project, and of a whole tenant."""

from django.db import models

from common.models import Resource


class ProjectConfig(Resource):
    """Promotion policies, webhook receivers, windows and links of one project."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="configs"
    )
    spec = models.JSONField(default=dict)
    conditions = models.JSONField(default=list, blank=True)
    refresh_token = models.CharField(max_length=128, blank=True)
    handled_refresh = models.CharField(max_length=128, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(deleted_at__isnull=True),
                name="project_config_once",
            )
        ]


class ClusterConfig(Resource):
    """The tenant's singleton, named ``cluster``: Git identity, receivers, links."""

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="cluster_configs"
    )
    spec = models.JSONField(default=dict)
    conditions = models.JSONField(default=list, blank=True)
    refresh_token = models.CharField(max_length=128, blank=True)
    handled_refresh = models.CharField(max_length=128, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(deleted_at__isnull=True),
                name="cluster_config_once",
            )
        ]

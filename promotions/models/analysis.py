"""Analysis templates: how to verify."""

from django.db import models

from common.models import Resource


class AnalysisTemplate(Resource):
    """Metrics that the Stages of one project verify by."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="analysis_templates"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="analysis_template_name_once",
            )
        ]


class ClusterAnalysisTemplate(Resource):
    """Metrics that all projects of a tenant share."""

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="cluster_analysis_templates"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="cluster_analysis_template_name_once",
            )
        ]

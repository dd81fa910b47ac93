"""Promotion tasks: steps to reuse."""

from django.db import models

from common.models import Resource


class PromotionTask(Resource):
    """Steps that the Stages of one project share."""

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="promotion_tasks"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="promotion_task_name_once",
            )
        ]


class ClusterPromotionTask(Resource):
    """Steps that all projects of a tenant share."""

    tenant = models.ForeignKey(
        "projects.Tenant", on_delete=models.CASCADE, related_name="cluster_promotion_tasks"
    )
    spec = models.JSONField()

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="cluster_promotion_task_name_once",
            )
        ]

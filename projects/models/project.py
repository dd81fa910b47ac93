"""Projects: what a Kubernetes Kargo keeps in one namespace."""

from django.db import models

from common.models import Resource


class Project(Resource):
    """A set of Warehouses and Stages; its name is the namespace of their manifests."""

    tenant = models.ForeignKey("projects.Tenant", on_delete=models.PROTECT, related_name="projects")
    conditions = models.JSONField(default=list, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="project_name_once",
            )
        ]

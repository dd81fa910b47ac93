"""What news of Argo CD Applications look Stages up by."""

from django.db import models


class AddressedApplication(models.Model):
    """A Stage depends on an Application of its shard's Argo CD, to synchronize or to wait for it.

    Written by the Stage's promotions; what Argo CD tells of the Application makes the Stage due.
    """

    tenant_uid = models.UUIDField()
    stage = models.ForeignKey(
        "promotions.Stage", on_delete=models.CASCADE, related_name="addressed_applications"
    )
    namespace = models.CharField(max_length=63)
    name = models.CharField(max_length=253)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["stage", "namespace", "name"], name="addressed_application_once"
            )
        ]
        indexes = [
            # Who depends on what has changed.
            models.Index(
                fields=["tenant_uid", "namespace", "name"], name="addressed_application_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

"""Previews: promotions tried without their effects."""

from uuid import uuid4

from django.db import models


class Preview(models.Model):
    """What somebody asked to try, and what came of it; removed an hour later.

    Of a Stage that promotes to targets it is the promotion to ``target_name``.
    ``result`` is the document of ``promotions.manifests.preview``; ``problem`` says why there is
    none. Neither is set until ``finished_at`` is.
    """

    uid = models.UUIDField(default=uuid4, unique=True, editable=False)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="previews"
    )
    stage = models.ForeignKey("promotions.Stage", on_delete=models.CASCADE, related_name="previews")
    freight = models.ForeignKey(
        "promotions.Freight", on_delete=models.CASCADE, related_name="previews"
    )
    target_name = models.CharField(max_length=253, blank=True)
    actor = models.CharField(max_length=253, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        indexes = [
            # What is old enough to be removed.
            models.Index(fields=["created_at"], name="preview_age")
        ]

    def __str__(self) -> str:
        return f"preview {self.uid}"

"""Freight: a set of artifact revisions that moves as one."""

from django.db import models

from common.models import Resource


class Freight(Resource):
    """What moves through Stages. ``name`` is the SHA-1 of its contents; contents never change.

    ``discovered_at`` orders Freight of one Warehouse. ``metadata`` is Kargo's ``status.metadata``.
    ``creator`` is who put it together, and ``creator_uid`` their account, if it was a person.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="freight"
    )
    warehouse = models.ForeignKey(
        "promotions.Warehouse", on_delete=models.PROTECT, related_name="freight"
    )
    alias = models.CharField(max_length=63)
    discovered_at = models.DateTimeField()
    metadata = models.JSONField(default=dict, blank=True)
    creator = models.CharField(max_length=253, blank=True)
    creator_uid = models.UUIDField(null=True, blank=True)

    class Meta(Resource.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name"],
                condition=models.Q(deleted_at__isnull=True),
                name="freight_name_once",
            ),
            models.UniqueConstraint(
                fields=["project", "alias"],
                condition=models.Q(deleted_at__isnull=True) & ~models.Q(alias=""),
                name="freight_alias_once",
            ),
        ]
        indexes = [
            # The timeline and the newest candidate of a Warehouse.
            models.Index(fields=["warehouse", "-discovered_at"], name="freight_newest"),
        ]


class FreightArtifact(models.Model):
    """One commit, image, chart or other artifact in a piece of Freight, in manifest order.

    ``document`` is Kargo's object for it, as the Freight's manifest shows it; ``repo_url`` and
    ``version`` (commit id, tag, or chart version) are what is searched and shown.
    """

    class Kind(models.TextChoices):
        """Which list of the manifest it stands in."""

        COMMIT = "commit"
        IMAGE = "image"
        CHART = "chart"
        ARTIFACT = "artifact"

    freight = models.ForeignKey(
        "promotions.Freight", on_delete=models.CASCADE, related_name="artifacts"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    position = models.PositiveSmallIntegerField()
    repo_url = models.TextField(blank=True)
    version = models.CharField(max_length=255, blank=True)
    document = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["freight", "kind", "position"], name="freight_artifact_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.repo_url} {self.version}"

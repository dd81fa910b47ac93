"""The shape shared by everything that has a name, labels and a history."""

import uuid
from typing import ClassVar, Self, TypeVar

from django.db import models

from common.clock import now

ResourceT = TypeVar("ResourceT", bound="Resource")


class LivingManager(models.Manager[ResourceT]):
    """Rows that have not been deleted; the manager to use."""

    def get_queryset(self) -> models.QuerySet[ResourceT]:
        """Leave out what was deleted and is kept as history."""
        return super().get_queryset().filter(deleted_at__isnull=True)


class Resource(models.Model):
    """A thing with Kargo metadata.

    ``pk`` identifies it inside the database, ``uid`` across time, ``name`` to people and in URLs.
    ``revision`` is the id of the newest :class:`projects.models.Change` about it, and so its
    ``resourceVersion``. Deleting sets ``deleted_at``; the row stays as history.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=253)
    labels = models.JSONField(default=dict, blank=True)
    annotations = models.JSONField(default=dict, blank=True)
    generation = models.PositiveIntegerField(default=1)
    revision = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(default=now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[LivingManager[Self]] = LivingManager()
    everything: ClassVar[models.Manager[Self]] = models.Manager()

    class Meta:
        abstract = True
        base_manager_name = "everything"

    def __str__(self) -> str:
        return self.name


class Sealed(models.Model):
    """A thing with a ``uid`` and one encrypted column; nobody is shown it.

    The text is bound to the ``uid``. ``TENANT_LOOKUP`` leads to the uid of the tenant whose keys
    encrypt it; empty for what is the platform's own.
    """

    TENANT_LOOKUP: ClassVar[str] = ""

    encrypted = models.TextField(default="", blank=True, editable=False)

    class Meta:
        abstract = True

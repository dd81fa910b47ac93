"""Saves and deletes Targets."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import Project
from promotions.manifests.target import TargetManifest, spec_to
from promotions.models import Target
from promotions.services.saving import Saved, Write, delete, owner_of, save
from rbac.actors import Actor


@transaction.atomic
def save_target(
    project: Project, manifest: TargetManifest, *, actor: Actor, now: datetime
) -> Saved[Target]:
    """Create or update a Target; promotions that exist keep the parameters they were given."""
    name = manifest.metadata.name
    stored = Target.objects.select_for_update().filter(project=project, name=name).first()
    columns: dict[str, Any] = {
        "spec": spec_to(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }
    blank = Target(project=project, name=name)
    return save(stored, blank, columns, write=Write(owner_of(project), actor, now))


@transaction.atomic
def delete_target(target: Target, *, actor: Actor, now: datetime) -> None:
    """Delete a Target; promotions to it go on, requests that have not come to it fail there."""
    delete(target, write=Write(owner_of(target.project), actor, now))

"""Saves, refreshes and deletes the configuration of a project."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import ChangeType, Project, ProjectConfig
from promotions.manifests.metadata import REFRESH
from promotions.manifests.project_config import ProjectConfigManifest
from promotions.manifests.schema import as_json
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    owner_of,
    record,
    save,
    tell,
    wake_stages,
)
from promotions.services.webhook_receivers import remove_receivers, sync_receivers
from rbac.actors import Actor


@transaction.atomic
def save_project_config(
    project: Project, manifest: ProjectConfigManifest, *, actor: Actor, now: datetime
) -> Saved[ProjectConfig]:
    """Create or update a project's configuration, and have its Stages look at their policy."""
    write = Write(owner_of(project), actor, now)
    stored = ProjectConfig.objects.select_for_update().filter(project=project).first()
    columns: dict[str, Any] = {
        "spec": as_json(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }
    if token := manifest.metadata.annotations.get(REFRESH):
        columns |= {"refresh_token": token, "handled_refresh": token}
    saved = save(stored, ProjectConfig(project=project, name=project.name), columns, write=write)
    if saved.outcome is not Outcome.UNCHANGED:
        sync_receivers(saved.resource, now=now)
        wake_stages(project, now=now)
    return saved


@transaction.atomic
def refresh_project_config(config: ProjectConfig, *, actor: Actor, now: datetime) -> None:
    """Look at the webhook receivers again, and note that it is done.

    Clients wait until the token of their request is the one that was handled last.
    """
    token = now.isoformat()
    ProjectConfig.objects.filter(pk=config.pk).update(refresh_token=token, handled_refresh=token)
    write = Write(owner_of(config.project), actor, now)
    tell(config, ChangeType.MODIFIED, write=write)
    record(config, "refresh", write=write)
    config.refresh_from_db(fields=["spec", "conditions", "generation"])
    sync_receivers(config, now=now)


@transaction.atomic
def delete_project_config(config: ProjectConfig, *, actor: Actor, now: datetime) -> None:
    """Delete a project's configuration: nothing promotes by itself or takes webhooks any more."""
    remove_receivers(config.project.tenant, config.project)
    delete(config, write=Write(owner_of(config.project), actor, now))
    wake_stages(config.project, now=now)

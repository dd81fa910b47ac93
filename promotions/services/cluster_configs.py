"""Saves, refreshes and deletes the configuration of a tenant."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import ChangeType, ClusterConfig, Tenant
from promotions.manifests.cluster_config import NAME, ClusterConfigManifest
from promotions.manifests.metadata import REFRESH
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
    wake_all_stages,
)
from promotions.services.webhook_receivers import remove_receivers, sync_receivers
from rbac.actors import Actor


@transaction.atomic
def save_cluster_config(
    tenant: Tenant, manifest: ClusterConfigManifest, *, actor: Actor, now: datetime
) -> Saved[ClusterConfig]:
    """Create or update a tenant's configuration."""
    stored = ClusterConfig.objects.select_for_update().filter(tenant=tenant).first()
    columns: dict[str, Any] = {
        "spec": as_json(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }
    if token := manifest.metadata.annotations.get(REFRESH):
        columns |= {"refresh_token": token, "handled_refresh": token}
    blank = ClusterConfig(tenant=tenant, name=NAME)
    saved = save(stored, blank, columns, write=Write(owner_of(tenant), actor, now))
    if saved.outcome is not Outcome.UNCHANGED:
        sync_receivers(saved.resource, now=now)
        wake_all_stages(tenant, now=now)
    return saved


@transaction.atomic
def refresh_cluster_config(config: ClusterConfig, *, actor: Actor, now: datetime) -> None:
    """Look at the webhook receivers again, and note that it is done.

    Clients wait until the token of their request is the one that was handled last.
    """
    token = now.isoformat()
    ClusterConfig.objects.filter(pk=config.pk).update(refresh_token=token, handled_refresh=token)
    write = Write(owner_of(config.tenant), actor, now)
    tell(config, ChangeType.MODIFIED, write=write)
    record(config, "refresh", write=write)
    config.refresh_from_db(fields=["spec", "conditions", "generation"])
    sync_receivers(config, now=now)


@transaction.atomic
def delete_cluster_config(config: ClusterConfig, *, actor: Actor, now: datetime) -> None:
    """Delete a tenant's configuration."""
    remove_receivers(config.tenant, None)
    delete(config, write=Write(owner_of(config.tenant), actor, now))
    wake_all_stages(config.tenant, now=now)

"""Saves, deletes and refreshes Warehouses."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import ChangeType, Project
from promotions import queue
from promotions.manifests.metadata import REFRESH
from promotions.manifests.schema import as_json
from promotions.manifests.warehouse import WarehouseManifest
from promotions.models import Warehouse, WorkKind
from promotions.services.saving import (
    Saved,
    Write,
    delete,
    open_or_wake,
    owner_of,
    record,
    save,
    tell,
)
from promotions.services.webhook_index import forget_subscriptions, index_subscriptions
from rbac.actors import Actor


@transaction.atomic
def save_warehouse(
    project: Project, manifest: WarehouseManifest, *, actor: Actor, now: datetime
) -> Saved[Warehouse]:
    """Create or update a Warehouse, and have it look at its repositories if it changed."""
    write = Write(owner_of(project), actor, now)
    name, shard = manifest.metadata.name, manifest.spec.shard or ""
    stored = Warehouse.objects.select_for_update().filter(project=project, name=name).first()
    columns: dict[str, Any] = {
        "spec": as_json(manifest.spec),
        "shard": shard,
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }
    if token := manifest.metadata.annotations.get(REFRESH):
        columns["refresh_token"] = token
    saved = save(stored, Warehouse(project=project, name=name), columns, write=write)
    if "spec" in saved.changed:
        index_subscriptions(saved.resource)
    open_or_wake(WorkKind.WAREHOUSE, saved, shard=shard, write=write)
    return saved


@transaction.atomic
def refresh_warehouse(warehouse: Warehouse, *, actor: Actor, now: datetime) -> None:
    """Look at a Warehouse's repositories now."""
    write = Write(owner_of(warehouse.project), actor, now)
    token = now.isoformat()
    Warehouse.objects.filter(pk=warehouse.pk).update(refresh_token=token)
    warehouse.refresh_token = token
    tell(warehouse, ChangeType.MODIFIED, write=write)
    queue.wake(kind=WorkKind.WAREHOUSE, uid=warehouse.uid, at=now)
    record(warehouse, "refresh", write=write)


@transaction.atomic
def delete_warehouse(warehouse: Warehouse, *, actor: Actor, now: datetime) -> None:
    """Delete a Warehouse; its Freight stays, and stays promotable."""
    queue.close_work(kind=WorkKind.WAREHOUSE, uid=warehouse.uid)
    forget_subscriptions(warehouse)
    delete(warehouse, write=Write(owner_of(warehouse.project), actor, now))

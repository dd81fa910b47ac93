"""Saves and deletes ConfigMaps."""

from datetime import datetime

from django.db import transaction

from projects.models import ConfigMap, Project, Tenant
from promotions.manifests.config_map import ConfigMapManifest
from promotions.selectors import replicas
from promotions.services.saving import Saved, Write, delete, owner_of, save
from rbac.actors import Actor


@transaction.atomic
def save_config_map(
    tenant: Tenant,
    project: Project | None,
    manifest: ConfigMapManifest,
    *,
    actor: Actor,
    now: datetime,
) -> Saved[ConfigMap]:
    """Create or update a ConfigMap of a project or, without one, of a tenant's own namespace.

    Raises:
        ConflictError: A replica of a shared ConfigMap has that name.
    """
    metadata = manifest.metadata
    place = {"tenant": tenant, "namespace": metadata.namespace, "name": metadata.name}
    stored = ConfigMap.objects.select_for_update().filter(**place).first()
    if stored is None:
        replicas.refuse_config_map_over_replica(tenant.uid, metadata.namespace, metadata.name)
    columns = {
        "data": dict(manifest.data),
        "labels": metadata.own_labels(),
        "annotations": metadata.own_annotations(),
    }
    blank = ConfigMap(**place, project=project)
    write = Write(owner_of(project or tenant), actor, now)
    return save(stored, blank, columns, write=write)


@transaction.atomic
def delete_config_map(config_map: ConfigMap, *, actor: Actor, now: datetime) -> None:
    """Delete a ConfigMap."""
    place = config_map.project or config_map.tenant
    delete(config_map, write=Write(owner_of(place), actor, now))

"""Saves and deletes message channels, of projects and of whole tenants."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import Project, Tenant
from promotions.manifests.cluster_message_channel import ClusterMessageChannelManifest
from promotions.manifests.message_channel import AnyMessageChannelManifest, MessageChannelManifest
from promotions.manifests.schema import as_json
from promotions.models import ClusterMessageChannel, MessageChannel
from promotions.services.saving import Saved, Write, delete, owner_of, save
from rbac.actors import Actor


@transaction.atomic
def save_message_channel(
    project: Project, manifest: MessageChannelManifest, *, actor: Actor, now: datetime
) -> Saved[MessageChannel]:
    """Create or update a project's channel."""
    name = manifest.metadata.name
    stored = MessageChannel.objects.select_for_update().filter(project=project, name=name).first()
    blank = MessageChannel(project=project, name=name)
    return save(stored, blank, _columns(manifest), write=Write(owner_of(project), actor, now))


@transaction.atomic
def delete_message_channel(channel: MessageChannel, *, actor: Actor, now: datetime) -> None:
    """Delete a project's channel; steps that name it fail from now on."""
    delete(channel, write=Write(owner_of(channel.project), actor, now))


@transaction.atomic
def save_cluster_message_channel(
    tenant: Tenant, manifest: ClusterMessageChannelManifest, *, actor: Actor, now: datetime
) -> Saved[ClusterMessageChannel]:
    """Create or update a channel that all projects of a tenant share."""
    name = manifest.metadata.name
    rows = ClusterMessageChannel.objects.select_for_update()
    stored = rows.filter(tenant=tenant, name=name).first()
    blank = ClusterMessageChannel(tenant=tenant, name=name)
    return save(stored, blank, _columns(manifest), write=Write(owner_of(tenant), actor, now))


@transaction.atomic
def delete_cluster_message_channel(
    channel: ClusterMessageChannel, *, actor: Actor, now: datetime
) -> None:
    """Delete a channel that all projects of a tenant share."""
    delete(channel, write=Write(owner_of(channel.tenant), actor, now))


def _columns(manifest: AnyMessageChannelManifest) -> dict[str, Any]:
    return {
        "spec": as_json(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }

"""Saves and deletes analysis templates, of projects and of whole tenants."""

from datetime import datetime
from typing import Any

from django.db import transaction

from projects.models import Project, Tenant
from promotions.manifests.analysis_template import (
    AnalysisTemplateManifest,
    AnyAnalysisTemplateManifest,
)
from promotions.manifests.cluster_analysis_template import ClusterAnalysisTemplateManifest
from promotions.manifests.schema import as_json
from promotions.models import AnalysisTemplate, ClusterAnalysisTemplate
from promotions.services.saving import Saved, Write, delete, owner_of, save
from rbac.actors import Actor


@transaction.atomic
def save_analysis_template(
    project: Project, manifest: AnalysisTemplateManifest, *, actor: Actor, now: datetime
) -> Saved[AnalysisTemplate]:
    """Create or update a project's template; verifications under way keep what they have."""
    name = manifest.metadata.name
    rows = AnalysisTemplate.objects.select_for_update()
    stored = rows.filter(project=project, name=name).first()
    blank = AnalysisTemplate(project=project, name=name)
    return save(stored, blank, _columns(manifest), write=Write(owner_of(project), actor, now))


@transaction.atomic
def delete_analysis_template(template: AnalysisTemplate, *, actor: Actor, now: datetime) -> None:
    """Delete a project's template."""
    delete(template, write=Write(owner_of(template.project), actor, now))


@transaction.atomic
def save_cluster_analysis_template(
    tenant: Tenant, manifest: ClusterAnalysisTemplateManifest, *, actor: Actor, now: datetime
) -> Saved[ClusterAnalysisTemplate]:
    """Create or update a template that all projects of a tenant share."""
    name = manifest.metadata.name
    rows = ClusterAnalysisTemplate.objects.select_for_update()
    stored = rows.filter(tenant=tenant, name=name).first()
    blank = ClusterAnalysisTemplate(tenant=tenant, name=name)
    return save(stored, blank, _columns(manifest), write=Write(owner_of(tenant), actor, now))


@transaction.atomic
def delete_cluster_analysis_template(
    template: ClusterAnalysisTemplate, *, actor: Actor, now: datetime
) -> None:
    """Delete a template that all projects of a tenant share."""
    delete(template, write=Write(owner_of(template.tenant), actor, now))


def _columns(manifest: AnyAnalysisTemplateManifest) -> dict[str, Any]:
    return {
        "spec": as_json(manifest.spec),
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }

"""Saves one checked manifest, whatever its kind, through the service of its kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.errors import FieldProblem, InvalidError, NotFoundError
from projects.models import Project, Tenant
from projects.selectors import projects_in
from projects.services.projects import create_project, update_project
from promotions.manifests.kinds import Read
from promotions.manifests.metadata import Manifest
from promotions.manifests.project import ProjectManifest
from promotions.manifests.promotion import PromotionManifest
from promotions.manifests.promotion_request import PromotionRequestManifest
from promotions.models import Freight, Promotion, PromotionRequest, Stage
from promotions.selectors.availability import candidates_of
from promotions.selectors.freight import freight_named
from promotions.services.access_places import TENANT_NAMESPACES
from promotions.services.analysis import save_analysis_template, save_cluster_analysis_template
from promotions.services.analysis_runs import save_analysis_run
from promotions.services.cluster_configs import save_cluster_config
from promotions.services.config_maps import save_config_map
from promotions.services.control_planes import save_control_plane
from promotions.services.freight import save_freight
from promotions.services.message_channels import (
    save_cluster_message_channel,
    save_message_channel,
)
from promotions.services.project_configs import save_project_config
from promotions.services.promotion_requests import add_targets, create_promotion_request
from promotions.services.promotions import create_promotion
from promotions.services.role_bindings import save_role_binding
from promotions.services.role_objects import save_role_object
from promotions.services.saving import Outcome, Saved
from promotions.services.secrets import save_secret
from promotions.services.service_accounts import save_service_account
from promotions.services.stages import write_stage
from promotions.services.targets import save_target
from promotions.services.tasks import save_cluster_promotion_task, save_promotion_task
from promotions.services.warehouses import save_warehouse
from rbac.actors import Actor


@dataclass(frozen=True, slots=True)
class Applier:
    """Who applies manifests, where and when."""

    tenant: Tenant
    actor: Actor
    now: datetime

    def project(self, manifest: Manifest) -> Project:
        """Return the project that a manifest is for.

        Raises:
            NotFoundError: There is none.
        """
        name = manifest.metadata.namespace
        project = projects_in(self.tenant).filter(name=name).first()
        if project is None:
            raise NotFoundError(
                f'projects.kargo.akuity.io "{name}" not found; apply a Project of that name '
                "before, or with, what is in it",
                code="no_project",
            )
        return project

    def place(self, manifest: Manifest) -> Project | None:
        """Return the project, or ``None`` for one of the tenant's own namespaces."""
        if manifest.metadata.namespace in TENANT_NAMESPACES:
            return None
        return self.project(manifest)


def save_manifest(read: Read, applier: Applier) -> Saved[Any]:
    """Create or update what a manifest describes; circles of Stages are not looked for.

    Raises:
        PlatformError: As the kind's own service raises it.
    """
    return _SAVERS[read.kind.name](applier, read.manifest)


def _save_project(applier: Applier, manifest: ProjectManifest) -> Saved[Any]:
    metadata = manifest.metadata
    stored = projects_in(applier.tenant).filter(name=metadata.name).first()
    facts: dict[str, Any] = {
        "labels": metadata.own_labels(),
        "annotations": metadata.own_annotations(),
        "actor": applier.actor,
        "now": applier.now,
    }
    if stored is None:
        return Saved(create_project(applier.tenant, metadata.name, **facts), Outcome.CREATED)
    changed = update_project(stored, **facts)
    return Saved(stored, Outcome.UPDATED if changed else Outcome.UNCHANGED)


def _save_promotion(applier: Applier, manifest: PromotionManifest) -> Saved[Any]:
    project = applier.project(manifest)
    stored = Promotion.objects.filter(project=project, name=manifest.metadata.name).first()
    if stored is not None:
        _refuse_other_spec(stored, manifest)
        return Saved(stored, Outcome.UNCHANGED)
    stage = _stage(project, manifest.spec.stage)
    metadata = manifest.metadata
    promotion = create_promotion(
        stage,
        _freight(stage, manifest, now=applier.now),
        actor=applier.actor,
        now=applier.now,
        labels=metadata.own_labels(),
        annotations=metadata.own_annotations(),
    )
    return Saved(promotion, Outcome.CREATED)


def _refuse_other_spec(stored: Promotion, manifest: PromotionManifest) -> None:
    spec = manifest.spec
    same_freight = spec.freight in {None, stored.freight.name}
    steps_differ = spec.steps is not None and spec.steps != stored.spec.get("steps")
    vars_differ = spec.vars is not None and spec.vars != stored.spec.get("vars")
    if spec.stage != stored.stage.name or not same_freight or steps_differ or vars_differ:
        problem = FieldProblem("spec", "is immutable; create another Promotion")
        message = f'Promotion "{stored.name}" is invalid: {problem}'
        raise InvalidError(message, code="immutable", problems=(problem,))


def _save_promotion_request(applier: Applier, manifest: PromotionRequestManifest) -> Saved[Any]:
    project, spec = applier.project(manifest), manifest.spec
    names = [target.name for target in spec.targets]
    rows = PromotionRequest.objects.filter(project=project, name=manifest.metadata.name)
    stored = rows.select_related("project__tenant", "stage", "freight").first()
    if stored is not None:
        _refuse_other_request(stored, manifest)
        has_new = add_targets(stored, names, actor=applier.actor, now=applier.now)
        return Saved(stored, Outcome.UPDATED if has_new else Outcome.UNCHANGED)
    stage = _stage(project, spec.stage, kind="PromotionRequest")
    request = create_promotion_request(
        stage,
        freight_named(project, spec.freight),
        actor=applier.actor,
        now=applier.now,
        targets=names,
        labels=manifest.metadata.own_labels(),
        annotations=manifest.metadata.own_annotations(),
    )
    return Saved(request, Outcome.CREATED)


def _refuse_other_request(stored: PromotionRequest, manifest: PromotionRequestManifest) -> None:
    given = {"stage": manifest.spec.stage, "freight": manifest.spec.freight}
    kept = {"stage": stored.stage.name, "freight": stored.freight.name}
    problems = tuple(
        FieldProblem(f"spec.{field}", "is immutable; create another PromotionRequest")
        for field in given
        if given[field] != kept[field]
    )
    if problems:
        lines = "; ".join(map(str, problems))
        message = f'PromotionRequest "{stored.name}" is invalid: {lines}'
        raise InvalidError(message, code="immutable", problems=problems)


def _stage(project: Project, name: str, *, kind: str = "Promotion") -> Stage:
    rows = Stage.objects.filter(project=project, name=name)
    stage = rows.select_related("project__tenant", "last_promotion", "last_request").first()
    if stage is None:
        problem = FieldProblem("spec.stage", f'stages.kargo.akuity.io "{name}" not found')
        raise InvalidError(f"{kind} is invalid: {problem}", problems=(problem,))
    return stage


def _freight(stage: Stage, manifest: PromotionManifest, *, now: datetime) -> Freight:
    if manifest.spec.freight is not None:
        return freight_named(stage.project, manifest.spec.freight)
    origin = manifest.spec.origin
    name = f"{origin.kind}/{origin.name}" if origin is not None else ""
    candidate = candidates_of(stage, now=now).get(name)
    if candidate is None:
        problem = FieldProblem("spec.origin", f'no Freight of "{name}" is available to promote')
        raise InvalidError(f"Promotion is invalid: {problem}", problems=(problem,))
    return candidate


_Save = Callable[[Applier, Any], Saved[Any]]


def _in_project(service: Callable[..., Saved[Any]]) -> _Save:
    return lambda applier, manifest: service(
        applier.project(manifest), manifest, actor=applier.actor, now=applier.now
    )


def _in_tenant(service: Callable[..., Saved[Any]]) -> _Save:
    return lambda applier, manifest: service(
        applier.tenant, manifest, actor=applier.actor, now=applier.now
    )


def _in_namespace(service: Callable[..., Saved[Any]]) -> _Save:
    return lambda applier, manifest: service(
        applier.tenant,
        applier.place(manifest),
        manifest,
        actor=applier.actor,
        now=applier.now,
    )


_SAVERS: Mapping[str, _Save] = {
    "AnalysisRun": _in_project(save_analysis_run),
    "AnalysisTemplate": _in_project(save_analysis_template),
    "ClusterAnalysisTemplate": _in_tenant(save_cluster_analysis_template),
    "ClusterConfig": _in_tenant(save_cluster_config),
    "ClusterMessageChannel": _in_tenant(save_cluster_message_channel),
    "ClusterPromotionTask": _in_tenant(save_cluster_promotion_task),
    "ClusterRole": _in_tenant(save_role_object),
    "ClusterRoleBinding": _in_tenant(save_role_binding),
    "ConfigMap": _in_namespace(save_config_map),
    "ControlPlane": _in_tenant(save_control_plane),
    "Freight": _in_project(save_freight),
    "MessageChannel": _in_project(save_message_channel),
    "Project": _save_project,
    "ProjectConfig": _in_project(save_project_config),
    "Promotion": _save_promotion,
    "PromotionRequest": _save_promotion_request,
    "PromotionTask": _in_project(save_promotion_task),
    "Role": _in_tenant(save_role_object),
    "RoleBinding": _in_tenant(save_role_binding),
    "Secret": _in_namespace(save_secret),
    "ServiceAccount": _in_tenant(save_service_account),
    "Stage": _in_project(write_stage),
    "Target": _in_project(save_target),
    "Warehouse": _in_project(save_warehouse),
}

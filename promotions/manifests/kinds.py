"""Which kinds there are, and how a document becomes a checked manifest of its kind."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from common.errors import FieldProblem, InvalidError
from common.jsontypes import JSONObject, as_object, as_text
from projects.models.secret import RENAMED_NAMESPACES
from promotions.manifests import (
    analysis_run,
    analysis_template,
    cluster_config,
    cluster_message_channel,
    config_map,
    control_plane,
    freight,
    message_channel,
    project,
    project_config,
    promotion,
    promotion_request,
    promotion_task,
    role,
    role_binding,
    secret,
    service_account,
    stage,
    target,
    warehouse,
)
from promotions.manifests.cluster_analysis_template import ClusterAnalysisTemplateManifest
from promotions.manifests.cluster_message_channel import ClusterMessageChannelManifest
from promotions.manifests.cluster_promotion_task import ClusterPromotionTaskManifest
from promotions.manifests.control_plane import PLATFORM_API, ControlPlaneManifest
from promotions.manifests.message_channel import MESSAGES_API, MessageChannelManifest
from promotions.manifests.metadata import (
    ARGO_API,
    CORE_API,
    KARGO_API,
    RBAC_API,
    Manifest,
    label_problems,
)
from promotions.manifests.problems import problems_of
from promotions.manifests.pruning import Dropped, near, prune

OUR_GROUPS = frozenset({"kargo.akuity.io"})

_RETIRED = {"PromotionPolicy": " any more; it belongs in promotionPolicies of a ProjectConfig"}
_TO_ARGO_CD = "; apply it to Argo CD's own cluster, for example with kubectl"
_ELSEWHERE = {
    "Namespace": "; a Project brings its own namespace: leave the Namespace out",
    "Application": _TO_ARGO_CD,
    "ApplicationSet": _TO_ARGO_CD,
    "AppProject": _TO_ARGO_CD,
}
"""What to do about documents for other systems, by kind."""


class Scope(StrEnum):
    """What a kind's names are unique in."""

    TENANT = "tenant"
    PROJECT = "project"
    NAMESPACE = "namespace"
    """A project, or one of the tenant's own namespaces."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of manifest. ``rank`` orders an apply: what others need comes first."""

    name: str
    plural: str
    api_version: str
    scope: Scope
    rank: int
    model: type[Manifest]
    rules: Callable[[Any], Iterable[FieldProblem]]

    @property
    def singular(self) -> str:
        """How a command line says it, such as ``stage.kargo.akuity.io``."""
        group = self.api_version.rpartition("/")[0]
        return self.name.lower() + (f".{group}" if group else "")

    @property
    def shows_values(self) -> bool:
        """Whether messages may quote what was written."""
        return self.name not in {"ControlPlane", "Secret"}


def _kind(name: str, scope: Scope, rank: int, model: Any, rules: Any, **given: str) -> Kind:
    plural = given.get("plural", f"{name.lower()}s")
    api_version = given.get("api_version", KARGO_API)
    return Kind(name, plural, api_version, scope, rank, model, rules)


KINDS = {
    kind.name: kind
    for kind in (
        _kind("Project", Scope.TENANT, 0, project.ProjectManifest, project.problems),
        _kind(
            "ClusterConfig", Scope.TENANT, 1, cluster_config.ClusterConfigManifest,
            cluster_config.problems,
        ),
        _kind(
            "ProjectConfig", Scope.PROJECT, 2, project_config.ProjectConfigManifest,
            project_config.problems,
        ),
        _kind(
            "Secret", Scope.NAMESPACE, 3, secret.SecretManifest, secret.problems,
            api_version=CORE_API,
        ),
        _kind(
            "ConfigMap", Scope.NAMESPACE, 4, config_map.ConfigMapManifest, config_map.problems,
            api_version=CORE_API,
        ),
        _kind(
            "ClusterMessageChannel", Scope.TENANT, 5, ClusterMessageChannelManifest,
            cluster_message_channel.problems, api_version=MESSAGES_API,
        ),
        _kind(
            "MessageChannel", Scope.PROJECT, 6, MessageChannelManifest, message_channel.problems,
            api_version=MESSAGES_API,
        ),
        _kind(
            "ClusterAnalysisTemplate", Scope.TENANT, 7, ClusterAnalysisTemplateManifest,
            analysis_template.problems, api_version=ARGO_API,
        ),
        _kind(
            "AnalysisTemplate", Scope.PROJECT, 8, analysis_template.AnalysisTemplateManifest,
            analysis_template.problems, api_version=ARGO_API,
        ),
        _kind("Warehouse", Scope.PROJECT, 9, warehouse.WarehouseManifest, warehouse.problems),
        _kind(
            "ClusterPromotionTask", Scope.TENANT, 10, ClusterPromotionTaskManifest,
            promotion_task.problems,
        ),
        _kind(
            "PromotionTask", Scope.PROJECT, 11, promotion_task.PromotionTaskManifest,
            promotion_task.problems,
        ),
        _kind("Stage", Scope.PROJECT, 12, stage.StageManifest, stage.problems),
        _kind("Freight", Scope.PROJECT, 13, freight.FreightManifest, freight.problems),
        _kind("Promotion", Scope.PROJECT, 14, promotion.PromotionManifest, promotion.problems),
        _kind(
            "PromotionRequest", Scope.PROJECT, 23, promotion_request.PromotionRequestManifest,
            promotion_request.problems,
        ),
        _kind("Target", Scope.PROJECT, 22, target.TargetManifest, target.problems),
        _kind(
            "AnalysisRun", Scope.PROJECT, 21, analysis_run.AnalysisRunManifest,
            analysis_run.problems, api_version=ARGO_API,
        ),
        _kind(
            "ServiceAccount", Scope.NAMESPACE, 15, service_account.ServiceAccountManifest,
            service_account.problems, api_version=CORE_API,
        ),
        _kind(
            "ClusterRole", Scope.TENANT, 16, role.RoleManifest, role.problems,
            api_version=RBAC_API,
        ),
        _kind(
            "Role", Scope.NAMESPACE, 17, role.RoleManifest, role.problems, api_version=RBAC_API
        ),
        _kind(
            "ClusterRoleBinding", Scope.TENANT, 18, role_binding.RoleBindingManifest,
            role_binding.cluster_problems, api_version=RBAC_API,
        ),
        _kind(
            "RoleBinding", Scope.NAMESPACE, 19, role_binding.RoleBindingManifest,
            role_binding.problems, api_version=RBAC_API,
        ),
        _kind(
            "ControlPlane", Scope.TENANT, 20, ControlPlaneManifest, control_plane.problems,
            api_version=PLATFORM_API,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """A document that is what its kind asks for.

    Attributes:
        warnings: What was dropped from it, in words.
    """

    kind: Kind
    manifest: Manifest
    warnings: tuple[str, ...] = ()


def read_manifest(content: JSONObject) -> Read:
    """Return a document as a manifest of its kind: pruned, defaulted and valid by itself.

    Raises:
        InvalidError: The kind is unknown or something in it is wrong; ``problems`` say where.
    """
    kind = kind_of(content)
    pruned, dropped = prune(kind.model, in_todays_namespace(content))
    shown = kind.shows_values
    try:
        manifest = kind.model.model_validate(pruned)
    except ValidationError as error:
        raise _invalid(kind, content, problems_of(error, dropped=dropped, show_values=shown)) from (
            error if shown else None
        )
    found = [*_scope_problems(kind, manifest), *label_problems(manifest.metadata)]
    found += kind.rules(manifest)
    if found:
        raise _invalid(kind, content, tuple(found))
    return Read(kind, manifest, tuple(_warnings(kind, manifest, content, dropped)))


def kind_of(content: JSONObject) -> Kind:
    """Return the kind of a document.

    Raises:
        InvalidError: It has none, or one that the platform does not know.
    """
    name, version = as_text(content.get("kind")), as_text(content.get("apiVersion"))
    if not name:
        raise _unknown("kind", "is required: a kind such as Stage or Warehouse")
    kind = KINDS.get(name)
    if kind is None:
        raise _unknown("kind", f'"{name}" is not a kind that the platform knows{_hint(content)}')
    if version != kind.api_version:
        given = f', not "{version}"' if version else ""
        raise _unknown("apiVersion", f'must be "{kind.api_version}" for {name}{given}')
    return kind


def _hint(content: JSONObject) -> str:
    """Return what to do about a document of an unknown kind."""
    name, version = as_text(content.get("kind")), as_text(content.get("apiVersion"))
    if name in _RETIRED:
        return _RETIRED[name]
    if is_foreign(content):
        return _ELSEWHERE.get(name, f"; apply it to the cluster that serves {version}")
    meant = near(name, KINDS)
    return f'; did you mean "{meant}"?' if meant else f"; known are {', '.join(KINDS)}"


def in_todays_namespace(content: JSONObject) -> JSONObject:
    """Return the document with a namespace that Kargo has renamed under its new name."""
    metadata = as_object(content.get("metadata"))
    now = RENAMED_NAMESPACES.get(as_text(metadata.get("namespace")))
    return {**content, "metadata": {**metadata, "namespace": now}} if now else content


def is_foreign(content: JSONObject) -> bool:
    """Return whether a document is for some other system that reads the same files.

    Such are Namespaces and Argo CD Applications beside Kargo's own manifests.
    """
    name, version = as_text(content.get("kind")), as_text(content.get("apiVersion"))
    group = version.rpartition("/")[0]
    if not name or not version or name in KINDS or group in OUR_GROUPS:
        return False
    near_ours = near(name, KINDS) if group in _SHARED_GROUPS else ""
    return not near_ours or name in _NEIGHBOURS


_SHARED_GROUPS = frozenset({"", "argoproj.io", "rbac.authorization.k8s.io"})
_NEIGHBOURS = frozenset({"Application", "ApplicationSet", "AppProject", "Rollout"})


def _scope_problems(kind: Kind, manifest: Manifest) -> Iterable[FieldProblem]:
    if kind.scope is not Scope.TENANT and not manifest.metadata.namespace:
        yield FieldProblem("metadata.namespace", "is required: the name of the project")


def _warnings(
    kind: Kind, manifest: Manifest, content: JSONObject, dropped: Iterable[Dropped]
) -> Iterable[str]:
    yield from map(str, dropped)
    if manifest.metadata.namespace != as_object(content.get("metadata")).get("namespace", ""):
        yield f'the namespace is now called "{manifest.metadata.namespace}", and was read as that'
    if kind.scope is Scope.TENANT and manifest.metadata.namespace:
        yield f'"metadata.namespace" was dropped; a {kind.name} has none'


def _invalid(kind: Kind, content: JSONObject, problems: tuple[FieldProblem, ...]) -> InvalidError:
    name = as_text(as_object(content.get("metadata")).get("name"))
    lines = "; ".join(map(str, problems))
    return InvalidError(f'{kind.name} "{name}" is invalid: {lines}', problems=problems)


def _unknown(path: str, reason: str) -> InvalidError:
    problem = FieldProblem(path, reason)
    return InvalidError(str(problem), code="unknown_kind", problems=(problem,))

"""Puts the parts together: gateways behind ports, steps with their ports, reconcilers with both.

The only module that names gateways, and the one list of step kinds.
"""

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from common.clock import now
from common.egress import EgressPolicy
from common.jsontypes import JSONObject
from projects.selectors import known_tenants
from promotions.engine.executor import Engine, PromotionPlan
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.templates import render
from promotions.engine.registry import Registry
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.argocd.opening import OpenArgoCDs
from promotions.gateways.charts.repositories import HelmRepositories
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.hosts import HostLimits
from promotions.gateways.git.settings import CacheLimits, GitSettings
from promotions.gateways.git.tree_limits import TreeLimits
from promotions.gateways.github.access import GitHubSettings
from promotions.gateways.github.gateway import GitHubGateway
from promotions.gateways.github.tokens import AppTokens
from promotions.gateways.http import CheckedSender
from promotions.gateways.jira import JiraCloud
from promotions.gateways.jobs.kubernetes import KubernetesJobs
from promotions.gateways.jobs.local import LocalJobs
from promotions.gateways.metrics.exchange import Exchange
from promotions.gateways.metrics.sources import HttpMetricSources
from promotions.gateways.notify.messenger import CheckedMessenger
from promotions.gateways.oci.artifacts import OciArtifacts
from promotions.gateways.oci.connection import Connections, Settings as RegistrySettings
from promotions.gateways.oci.registry import OciRegistry
from promotions.gateways.rendering import InstalledTools
from promotions.gateways.scm.providers import HostedProviders
from promotions.gateways.tool_report import report_tools
from promotions.gateways.tool_runs import ToolLimits, isolation_here
from promotions.gateways.tools import ToolPaths, Tools
from promotions.models import AnalysisRun, WorkKind
from promotions.ports.argocd_access import ArgoCDs
from promotions.ports.git import IntegrationPolicy
from promotions.ports.jobs import JobExecutor
from promotions.ports.rendering import Renderer
from promotions.ports.tools import ToolReport
from promotions.reconcilers.analysis_runs import AnalysisRunReconciler
from promotions.reconcilers.application_changes import PlaneKey
from promotions.reconcilers.application_watch import ApplicationWatch, WatchedPlane
from promotions.reconcilers.control_planes import ControlPlaneReconciler
from promotions.reconcilers.garbage import GARBAGE_EVERY, collect_garbage
from promotions.reconcilers.leftovers import ORPHANS_EVERY, Rhythm, remove_leftovers
from promotions.reconcilers.loop import Reconcile
from promotions.reconcilers.previews import PreviewReconciler
from promotions.reconcilers.promotion_requests import reconcile_promotion_request
from promotions.reconcilers.promotions import PromotionReconciler
from promotions.reconcilers.stages import StageReconciler
from promotions.reconcilers.tenants import TenantReconciler
from promotions.reconcilers.warehouses import WarehouseReconciler
from promotions.selectors.control_plane import DatabaseControlPlane
from promotions.selectors.control_planes import OpenControlPlanes, bound_projects
from promotions.selectors.credentials import DatabaseCredentials
from promotions.selectors.job_places import cluster_of
from promotions.selectors.message_channels import DatabaseChannels
from promotions.selectors.watched_planes import watched_planes
from promotions.services.audit_events import DatabaseAuditLog
from promotions.services.control_plane_checks import check_soon
from promotions.services.metadata import DatabaseMetadata
from promotions.services.preview_manifests import Rendering
from promotions.services.preview_run import PreviewPorts
from promotions.services.responses import DatabaseResponses
from promotions.services.step_intents import DatabaseIntents
from promotions.steps.argocd_update import ArgoCDUpdate
from promotions.steps.catalogue import StepPorts, builtin_steps, kustomizations
from promotions.steps.github_push import GitHubPushPolicy
from promotions.steps.installed import installed_steps
from promotions.steps.support.argocd_health import ArgoCDHealth


@cache
def reconcilers() -> Mapping[WorkKind, Reconcile]:
    """Return what reconciles each kind of object in this process."""
    return {
        WorkKind.WAREHOUSE: WarehouseReconciler(
            repositories=_git().repositories,
            registry=_oci(),
            charts=HelmRepositories(_registries(), _oci()),
            credentials=_credentials(),
            minimum_interval=timedelta(seconds=settings.MIN_WAREHOUSE_INTERVAL_SECONDS),
        ),
        WorkKind.STAGE: StageReconciler(
            checkers={ArgoCDUpdate.kind: ArgoCDHealth(control_planes())}
        ),
        WorkKind.PROMOTION: PromotionReconciler(
            engine=engine(),
            work_dir=Path(settings.WORK_DIR),
            base_url=settings.BASE_URL,
            workspaces=_git().workspaces,
        ),
        WorkKind.PROMOTION_REQUEST: reconcile_promotion_request,
        WorkKind.PREVIEW: PreviewReconciler(
            ports=preview_ports(), work_dir=Path(settings.WORK_DIR)
        ),
        WorkKind.TENANT: TenantReconciler(sweep_files=remove_orphans),
        WorkKind.CONTROL_PLANE: ControlPlaneReconciler(argocds()),
        WorkKind.ANALYSIS_RUN: AnalysisRunReconciler(
            sources=_metric_sources(),
            job_executor=_job_executor,
            environment=dict(os.environ) if settings.METRICS_FROM_ENVIRONMENT else {},
        ),
    }


@cache
def _metric_sources() -> HttpMetricSources:
    certificates = settings.METRICS_CA_FILE
    exchange = Exchange(
        _egress(),
        clock=now,
        longest_seconds=settings.METRIC_SECONDS,
        ca_certificates=Path(certificates).read_text() if certificates else "",
    )
    return HttpMetricSources(exchange, clock=now)


def _job_executor(run: AnalysisRun) -> JobExecutor | None:
    """Return what runs a run's jobs: its cluster, or this host if the operator allows that."""
    access = cluster_of(run)
    if access is not None:
        return KubernetesJobs(access, _egress())
    if not settings.LOCAL_JOBS:
        return None
    return LocalJobs(
        programs=tuple(map(Path, settings.LOCAL_JOB_PROGRAMS)),
        timeout=timedelta(seconds=settings.LOCAL_JOB_SECONDS),
        memory_bytes=settings.TOOL_MEMORY_BYTES,
        isolation=isolation_here(allow_unconfined=settings.TOOLS_UNCONFINED),
    )


@cache
def preview_ports() -> PreviewPorts:
    """Return what trying a promotion takes."""
    return PreviewPorts(
        engine=engine(),
        workspaces=_git().workspaces,
        rendering=Rendering(renderer(), kustomizations(_step_ports())),
        base_url=settings.BASE_URL,
    )


def sweep_host() -> None:
    """Remove what this host keeps and nobody needs, if that was not done a short while ago."""
    _git().sweeper.sweep_if_due(now=now())
    if _orphans().is_due(time.monotonic()):
        remove_orphans()
    if _garbage().is_due(time.monotonic()):
        collect_garbage(now=now())


def remove_orphans() -> None:
    """Remove from this host what belongs to promotions and tenants that are no more."""
    remove_leftovers(Path(settings.WORK_DIR), _git().workspaces)
    sweeper = _git().sweeper
    sweeper.forget(sweeper.owners() - known_tenants())


@cache
def _orphans() -> Rhythm:
    return Rhythm(ORPHANS_EVERY)


@cache
def _garbage() -> Rhythm:
    return Rhythm(GARBAGE_EVERY)


@cache
def engine() -> Engine:
    """Return the engine with every step kind that this installation has."""
    return Engine(registry=step_registry(), render=render, clock=now, functions=_functions)


@cache
def step_registry() -> Registry:
    """Return the registry of step kinds: the platform's own, and those of installed packages.

    Raises:
        InvalidError: An installed package is broken, or has a kind that is there already.
    """
    ports = _step_ports()
    return Registry((*builtin_steps(ports), *(it.runner for it in installed_steps(ports))))


def step_origins() -> Mapping[str, str]:
    """Return the name and version of the package that brings a kind, for those of packages."""
    return {it.runner.kind: it.package for it in installed_steps(_step_ports())}


def _step_ports() -> StepPorts:
    return StepPorts(
        workspaces=_git().workspaces,
        repositories=_git().repositories,
        credentials=_credentials(),
        control_plane=_control_plane(),
        metadata=DatabaseMetadata(),
        responses=DatabaseResponses(),
        audit=DatabaseAuditLog(),
        channels=DatabaseChannels(),
        messenger=CheckedMessenger(_egress(), slack_url=settings.SLACK_API_URL),
        intents=DatabaseIntents(),
        http=CheckedSender(_egress()),
        images=_oci(),
        artifacts=OciArtifacts(_registries()),
        renderer=renderer(),
        max_oci_push_bytes=settings.MAX_OCI_PUSH_ARTIFACT_SIZE,
        scm=HostedProviders(_egress(), _provider_urls()),
        github=GitHubGateway(_github(), locks=Path(settings.GIT_CACHE_DIR) / "locks"),
        github_push=GitHubPushPolicy(
            max_revisions=settings.GITHUB_PUSH_MAX_REVISIONS,
            verify_untrusted=settings.GITHUB_PUSH_VERIFY_UNTRUSTED_COMMITS,
        ),
        jira=JiraCloud(_egress(), allow_over_http=settings.ALLOW_CREDENTIALS_OVER_HTTP),
        argocd=control_planes(),
    )


@cache
def argocds() -> ArgoCDs:
    """Return what opens Argo CDs, and keeps within their limits in this process."""
    return OpenArgoCDs(_egress())


@cache
def control_planes() -> OpenControlPlanes:
    """Return what finds the Argo CD of a Stage's shard and project."""
    return OpenControlPlanes(argocds(), doubt=check_soon)


def application_watch(shard: str) -> ApplicationWatch:
    """Return what listens to the Argo CDs of a shard."""
    return ApplicationWatch(shard, _watched_planes)


def _watched_planes(shard: str) -> list[WatchedPlane]:
    return [
        WatchedPlane(
            uid=str(plane.uid),
            mark=mark,
            key=PlaneKey(plane.tenant.uid, plane.shard, bound_projects(plane)),
            open=partial(control_planes().argocd_of, plane),
        )
        for plane, mark in watched_planes(shard)
    ]


@cache
def renderer() -> Renderer:
    """Return what renders charts and kustomizations."""
    return InstalledTools(_tools(), _tool_limits())


def tool_report() -> ToolReport:
    """Return which tools this host has, and how they are kept apart from it."""
    return report_tools(_tools())


@cache
def _tools() -> Tools:
    paths = ToolPaths(settings.HELM_PATH, settings.KUSTOMIZE_PATH, settings.KUBECTL_PATH)
    return Tools(paths, _tool_limits())


def _tool_limits() -> ToolLimits:
    return ToolLimits(
        timeout=timedelta(seconds=settings.TOOL_SECONDS),
        memory_bytes=settings.TOOL_MEMORY_BYTES,
        output_bytes=settings.TOOL_OUTPUT_BYTES,
        isolation=isolation_here(allow_unconfined=settings.TOOLS_UNCONFINED),
    )


def _functions(plan: PromotionPlan) -> Mapping[str, object]:
    return kargo_functions(
        FunctionScope(
            tenant_uid=plan.tenant_uid,
            project=plan.facts.project,
            lookup=_control_plane(),
            requested=tuple(request.origin for request in plan.freight_requests),
            freight=plan.freight,
            freight_status=partial(_freight_status, plan),
            clock=now,
        )
    )


def _freight_status(plan: PromotionPlan, name: str) -> JSONObject | None:
    return _control_plane().freight_status(
        tenant_uid=plan.tenant_uid, project=plan.facts.project, name=name
    )


@cache
def _git() -> GitGateway:
    return open_git(
        GitSettings(
            cache_dir=Path(settings.GIT_CACHE_DIR),
            allow_local=settings.GIT_ALLOW_LOCAL,
            egress=_egress(),
            remote_timeout=timedelta(seconds=settings.GIT_TRANSFER_SECONDS),
            stall_timeout=timedelta(seconds=settings.GIT_STALL_SECONDS),
            memory_bytes=settings.GIT_MEMORY_BYTES,
            cache=CacheLimits(
                total_bytes=settings.GIT_CACHE_BYTES,
                mirror_bytes=settings.GIT_MIRROR_BYTES,
                max_idle=timedelta(days=settings.GIT_CACHE_DAYS),
            ),
            hosts=HostLimits(concurrency=settings.GIT_HOST_CONCURRENCY),
            trees=TreeLimits(
                tree_bytes=settings.GIT_TREE_BYTES,
                warm_trees=settings.GIT_WARM_TREES,
                warm_bytes=settings.GIT_WARM_BYTES,
                warm_age=timedelta(days=settings.GIT_WARM_DAYS),
            ),
            integration=IntegrationPolicy(settings.GIT_PUSH_INTEGRATION_POLICY),
        )
    )


@cache
def _oci() -> OciRegistry:
    return OciRegistry(_registries())


@cache
def _registries() -> Connections:
    hosts = frozenset(settings.INSECURE_REGISTRIES)
    return Connections(RegistrySettings(_egress(), insecure_hosts=hosts))


@cache
def _egress() -> EgressPolicy:
    return EgressPolicy.of(settings.EGRESS_ALLOWED_HOSTS, deny_private=settings.EGRESS_DENY_PRIVATE)


@cache
def _credentials() -> DatabaseCredentials:
    return DatabaseCredentials(
        tokens=AppTokens(_github()), allow_over_http=settings.ALLOW_CREDENTIALS_OVER_HTTP
    )


def _provider_urls() -> Mapping[GitProvider, str]:
    return {GitProvider(name): url for name, url in settings.GIT_PROVIDER_API_URLS.items()}


@cache
def _github() -> GitHubSettings:
    return GitHubSettings(_egress(), _provider_urls().get(GitProvider.GITHUB, ""))


@cache
def _control_plane() -> DatabaseControlPlane:
    return DatabaseControlPlane()

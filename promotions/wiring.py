"""Puts the parts together: gateways behind ports, steps with their ports, reconcilers with both.

The only module that names gateways, and the one list of step kinds.
"""

import ipaddress
from collections.abc import Mapping
from datetime import timedelta
from functools import cache, partial
from pathlib import Path

from django.conf import settings

from common.clock import now
from common.egress import EgressPolicy, Network
from common.jsontypes import JSONObject
from promotions.engine.executor import Engine, PromotionPlan
from promotions.engine.expressions.functions import FunctionScope, kargo_functions
from promotions.engine.expressions.templates import render
from promotions.engine.registry import Registry
from promotions.gateways.git.gateway import GitGateway, open_git
from promotions.gateways.git.settings import GitSettings
from promotions.gateways.http import CheckedSender
from promotions.gateways.oci.connection import Connections, Settings as RegistrySettings
from promotions.gateways.oci.registry import OciRegistry
from promotions.gateways.scm.providers import HostedProviders
from promotions.models import WorkKind
from promotions.ports.git import IntegrationPolicy
from promotions.reconcilers.loop import Reconcile
from promotions.reconcilers.promotions import PromotionReconciler
from promotions.reconcilers.stages import StageReconciler
from promotions.reconcilers.warehouses import WarehouseReconciler
from promotions.selectors.control_plane import DatabaseControlPlane
from promotions.selectors.credentials import DatabaseCredentials
from promotions.services.metadata import DatabaseMetadata
from promotions.steps.catalogue import StepPorts, builtin_steps


@cache
def reconcilers() -> Mapping[WorkKind, Reconcile]:
    """Return what reconciles each kind of object in this process."""
    return {
        WorkKind.WAREHOUSE: WarehouseReconciler(
            repositories=_git().repositories,
            registry=_oci(),
            credentials=_credentials(),
            minimum_interval=timedelta(seconds=settings.MIN_WAREHOUSE_INTERVAL_SECONDS),
        ),
        WorkKind.STAGE: StageReconciler(),
        WorkKind.PROMOTION: PromotionReconciler(
            engine=engine(), work_dir=Path(settings.WORK_DIR), base_url=settings.BASE_URL
        ),
    }


@cache
def engine() -> Engine:
    """Return the engine with every step kind that this installation has."""
    return Engine(registry=step_registry(), render=render, clock=now, functions=_functions)


@cache
def step_registry() -> Registry:
    """Return the registry of step kinds."""
    return Registry(builtin_steps(_step_ports()))


def _step_ports() -> StepPorts:
    return StepPorts(
        workspaces=_git().workspaces,
        repositories=_git().repositories,
        credentials=_credentials(),
        control_plane=_control_plane(),
        metadata=DatabaseMetadata(),
        http=CheckedSender(_egress()),
        scm=HostedProviders(_egress()),
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
            integration=IntegrationPolicy(settings.GIT_PUSH_INTEGRATION_POLICY),
        )
    )


@cache
def _oci() -> OciRegistry:
    hosts = frozenset(settings.INSECURE_REGISTRIES)
    return OciRegistry(Connections(RegistrySettings(_egress(), insecure_hosts=hosts)))


@cache
def _egress() -> EgressPolicy:
    networks = {entry: _network(entry) for entry in settings.EGRESS_ALLOWED_HOSTS}
    return EgressPolicy(
        allowed_hosts=frozenset(entry.lower() for entry, it in networks.items() if it is None),
        allowed_networks=tuple(it for it in networks.values() if it is not None),
        deny_private=settings.EGRESS_DENY_PRIVATE,
    )


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


@cache
def _credentials() -> DatabaseCredentials:
    return DatabaseCredentials(allow_over_http=settings.ALLOW_CREDENTIALS_OVER_HTTP)


@cache
def _control_plane() -> DatabaseControlPlane:
    return DatabaseControlPlane()

"""Makes a tenant that has some of everything: what tests of the whole API walk over."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.clock import now as read_clock
from projects.models import Project, Tenant
from projects.selectors import default_tenant, project_named
from promotions.engine.phases import PromotionPhase
from promotions.models import (
    AnalysisJob,
    AnalysisRun,
    AutoPromotionHold,
    Freight,
    Promotion,
    Stage,
    StepExecution,
    Verification,
    Warehouse,
)
from promotions.services.apply import apply_documents
from promotions.services.freight import approve_freight
from promotions.services.promotions import create_promotion
from rbac.actors import operator_at_console
from tests.factories.domain import NOON, hold_freight, make_promotion
from tests.factories.rich_manifests import (
    CHART,
    GIT,
    IMAGE,
    MEASURED,
    PROJECT,
    RUN,
    RUN_STATUS,
    STEPS,
    TOKEN,
    document,
    documents,
)

_CONDITION = {
    "type": "Ready",
    "status": "True",
    "reason": "Synced",
    "message": "all is well",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-06-01T12:00:00Z",
}
_DISCOVERED: dict[str, Any] = {
    "discoveredAt": "2026-06-01T12:00:00Z",
    "git": [
        {
            "repoURL": GIT,
            "commits": [
                {
                    "id": "a" * 40,
                    "branch": "main",
                    "subject": "Change it",
                    "author": "Bob <bob@example.com>",
                    "committer": "Bob <bob@example.com>",
                    "creatorDate": "2026-06-01T11:00:00Z",
                }
            ],
        }
    ],
    "images": [
        {
            "repoURL": IMAGE,
            "platform": "linux/amd64",
            "references": [
                {
                    "tag": "1.0.0",
                    "digest": f"sha256:{'b' * 64}",
                    "annotations": {"one": "1"},
                    "createdAt": "2026-06-01T11:00:00Z",
                }
            ],
        }
    ],
    "charts": [{"repoURL": CHART, "name": "app", "versions": ["1.0.0", "0.9.0"]}],
}


@dataclass(frozen=True, slots=True)
class Rich:
    """The project ``demo`` of the default tenant, and the objects in it that tests name.

    Attributes:
        held: Freight that the Stage ``test`` holds; ``spare`` is in no Stage.
        waiting: A promotion to ``test`` that has not started.
    """

    tenant: Tenant
    project: Project
    warehouse: Warehouse
    test: Stage
    prod: Stage
    held: Freight
    spare: Freight
    waiting: Promotion
    succeeded: Promotion


def make_rich(tenant: Tenant | None = None) -> Rich:
    """Return a tenant with objects of every kind, in as many states as there are.

    It is the default tenant unless another, an empty one, is given.
    """
    tenant = tenant or default_tenant()
    _apply(tenant, *documents())
    project = project_named(tenant, PROJECT)
    warehouse = Warehouse.objects.get(project=project, name="main")
    _observe(project)
    test, prod = (Stage.objects.get(project=project, name=name) for name in ("test", "prod"))
    freight = [_freight(tenant, project, index) for index in range(3)]
    _promote_everyhow(test, freight)
    succeeded = Promotion.objects.get(stage=test, phase=PromotionPhase.SUCCEEDED)
    _hold(test, freight[0], freight[1], promotion=succeeded)
    _measure(test, promotion=succeeded)
    approve_freight(freight[0], prod, actor=operator_at_console("rich"), now=read_clock())
    waiting = create_promotion(
        test, freight[0], actor=operator_at_console("rich"), now=read_clock()
    )
    return Rich(
        tenant=tenant,
        project=project,
        warehouse=warehouse,
        test=test,
        prod=prod,
        held=freight[1],
        spare=freight[2],
        waiting=waiting,
        succeeded=succeeded,
    )


def _apply(tenant: Tenant, *documents: dict[str, Any]) -> None:
    text = "\n---\n".join(map(json.dumps, documents))
    actor = operator_at_console("rich")
    report = apply_documents(text, tenant=tenant, actor=actor, now=read_clock())
    assert report.is_applied, [it.problems for it in report.failed]


def _observe(project: Project) -> None:
    """Fill in what reconcilers find."""
    Warehouse.objects.filter(project=project).update(
        conditions=[_CONDITION],
        observed_generation=1,
        handled_refresh=TOKEN,
        discovered=_DISCOVERED,
        discovered_at=NOON,
    )
    health = {"status": "Unhealthy", "issues": ["slow"], "output": [{"any": {"thing": 1}}]}
    Stage.objects.filter(project=project).update(
        conditions=[_CONDITION],
        observed_generation=1,
        handled_refresh=TOKEN,
        health=health,
        auto_promotion_enabled=True,
        metadata={"any": {"thing": [None, 1]}},
    )


def _freight(tenant: Tenant, project: Project, index: int) -> Freight:
    artifact = {"subscriptionName": "tickets", "version": f"T-{index}", "metadata": {"a": [1]}}
    alias = f"brave-bear-{index}"
    _apply(
        tenant,
        document(
            "Freight",
            "freight",
            alias=alias,
            origin={"kind": "Warehouse", "name": "main"},
            commits=[
                {
                    "repoURL": GIT,
                    "id": f"{index:040x}",
                    "branch": "main",
                    "message": "Change it",
                    "author": "Bob <bob@example.com>",
                    "committer": "Bob <bob@example.com>",
                }
            ],
            images=[{"repoURL": IMAGE, "tag": f"1.{index}.0", "digest": f"sha256:{index:064x}"}],
            charts=[{"repoURL": CHART, "name": "app", "version": f"1.{index}.0"}],
            artifacts=[{"artifactType": "ticket", **artifact}],
        ),
    )
    Freight.objects.filter(project=project, alias=alias).update(metadata={"any": {"thing": 1}})
    return Freight.objects.select_related("warehouse", "project__tenant").get(
        project=project, alias=alias
    )


def _promote_everyhow(stage: Stage, freight: list[Freight]) -> None:
    for phase in PromotionPhase:
        if phase in {PromotionPhase.NEW, PromotionPhase.PENDING}:
            continue
        promotion = make_promotion(
            stage,
            freight[0],
            phase=phase,
            spec={"stage": "test", "freight": freight[0].name, "vars": [], "steps": STEPS},
            shard="edge",
            message="It went as it went.",
            current_step=1,
            state={"out": {"any": [None, 1]}},
            health_checks=[{"uses": "argocd-update", "config": {"any": 1}}],
            freight_collection={"Warehouse/main": freight[0].name},
            refresh_token=TOKEN,
            handled_refresh=TOKEN,
            annotations={"kargo.akuity.io/auto-promotion-hold": "Warehouse/main"},
        )
        for index, status in enumerate(("Succeeded", "Failed")):
            StepExecution.objects.create(
                promotion=promotion,
                index=index,
                alias=("out", "sync")[index],
                kind=("compose-output", "argocd-update")[index],
                status=status,
                message="so it is",
                error_count=index,
                continue_on_error=bool(index),
                started_at=NOON,
                finished_at=NOON + timedelta(seconds=1),
            )


def _hold(stage: Stage, *freight: Freight, promotion: Promotion) -> None:
    for item in freight:
        collection = hold_freight(stage, item, promotion=promotion)
        for phase in ("Error", "Successful"):
            Verification.objects.create(
                collection=collection,
                phase=phase,
                message="as it is",
                actor="email:bob@example.com",
                started_at=NOON,
                finished_at=NOON,
                analysis_run={"name": RUN, "namespace": PROJECT, "phase": phase},
            )
        row = stage.freight_standings.get(freight=item)
        row.verified_at, row.longest_soak = NOON, timedelta(hours=1, minutes=30)
        row.save(update_fields=["verified_at", "longest_soak"])
    AutoPromotionHold.objects.create(
        stage=stage,
        origin="Warehouse/main",
        freight_name=freight[0].name,
        promotion_name=promotion.name,
        actor="email:bob@example.com",
        created_at=NOON,
    )
    running = Promotion.objects.get(stage=stage, phase=PromotionPhase.RUNNING)
    stage.current_promotion, stage.last_promotion = running, promotion
    stage.save(update_fields=["current_promotion", "last_promotion"])


def _measure(stage: Stage, *, promotion: Promotion) -> None:
    """Make the run that verified what the Stage holds: one metric asked for, one run as a job."""
    run = AnalysisRun.objects.create(
        project=stage.project,
        stage=stage,
        promotion=promotion,
        name=RUN,
        labels={"kargo.akuity.io/stage": stage.name},
        owners=[],
        spec={"metrics": MEASURED, "args": [{"name": "service", "value": "shop"}]},
        status=RUN_STATUS,
        phase="Successful",
        shard=stage.shard,
        ended_at=NOON,
    )
    AnalysisJob.objects.create(
        run=run,
        metric="smoke",
        ordinal=1,
        name=f"{run.uid}.smoke.1",
        begun_at=NOON,
        ended_at=NOON,
        outcome="Successful",
        logs={"main": "all is well\n"},
    )

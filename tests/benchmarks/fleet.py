"""Makes Stages that have been promoted to Applications of many Argo CDs, and has workers look.

Import it when Django is set up.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from common.clock import now
from projects.models import Project
from promotions.engine.phases import PromotionPhase
from promotions.models import AddressedApplication, Freight, Stage, Work, WorkKind
from promotions.models.work import WorkQuerySet
from tests.benchmarks.argocd_sites import Address, Sites
from tests.factories.domain import (
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_tenant,
    make_warehouse,
)
from tests.functional.control_planes.scenes import register
from tests.functional.workers.processes import is_complete, start_worker, wait_until

SHARD = "default"
WORKERS = 2
RESYNC_SECONDS = 300
"""How often a Stage is looked at although nothing is known to have changed."""
_STOP_SECONDS = 30
SETTLE_SECONDS = 120.0
"""How long all Stages may take until they have been looked at for the first time."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Stages by the one Application that each depends on, in the order of the Argo CDs."""

    stages: dict[str, Stage]

    def part(self, count: int) -> list[Stage]:
        """Return so many of the Stages, of all Argo CDs alike."""
        return list(self.stages.values())[:: max(1, len(self.stages) // count)][:count]

    def healthy(self, status: str = "Healthy") -> set[str]:
        """Return the Applications whose Stage's stored health is this."""
        rows = Stage.objects.filter(health__status=status).values_list("pk", flat=True)
        found = set(rows)
        return {app for app, stage in self.stages.items() if stage.pk in found}


@transaction.atomic
def make_fleet(sites: Sites) -> Fleet:
    """Make a Stage for each Application; each Argo CD serves a project of its own.

    Nothing is due, and the control planes are not watched before they are registered.
    """
    tenant = make_tenant()
    stages: dict[str, Stage] = {}
    for number, address in enumerate(sites.addresses):
        project = make_project(f"fleet-{number:02d}", tenant=tenant)
        freight = make_freight(make_warehouse(project))
        for app in address.apps:
            stages[app] = _promoted(make_stage(project, f"stage-{app}"), freight, app)
    Work.objects.bulk_create(
        Work(kind=WorkKind.STAGE, uid=it.uid, tenant_uid=tenant.uid, shard=SHARD)
        for it in stages.values()
    )
    return Fleet(stages)


def register_planes(fleet: Fleet, addresses: tuple[Address, ...]) -> None:
    """Register a control plane for each Argo CD, bound to its project."""
    for address in addresses:
        register_plane(fleet.stages[address.apps[0]].project, address)


def register_plane(project: Project, address: Address) -> None:
    """Register a control plane for an Argo CD, bound to a project."""
    register(
        project.tenant,
        f"of-{project.name}",
        kind=address.kind,
        address=address.url,
        credential={"token": address.token},
        projects=[project.name],
    )


def spread(stages: list[Stage]) -> None:
    """Make these Stages, no others, and all control planes due as they would be after hours."""
    Work.objects.filter(kind=WorkKind.STAGE).update(due_at=None)
    began = now()
    for rows in (_work(stages), Work.objects.filter(kind=WorkKind.CONTROL_PLANE)):
        pairs = enumerate(found := list(rows))
        for index, row in pairs:
            row.due_at = began + timedelta(seconds=RESYNC_SECONDS * (index + 0.5) / len(found))
        Work.objects.bulk_update(found, ["due_at"], batch_size=200)


def is_calm() -> bool:
    """Return whether nothing is due and nobody is at anything."""
    return not Work.objects.claimable(SHARD).exists() and not Work.objects.running().exists()


@contextmanager
def running_worker(**environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run ``manage.py worker`` until the block ends; its log is in ``KARGO_VAR_DIR``."""
    os.environ.update({"KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1", **environment})
    worker = start_worker(workers=WORKERS, log=Path(os.environ["KARGO_VAR_DIR"]) / "worker.log")
    try:
        wait_until(lambda: is_complete(worker.pid), seconds=20)
        yield worker
    finally:
        worker.terminate()
        with suppress(subprocess.TimeoutExpired):
            worker.wait(_STOP_SECONDS)
        worker.kill()


def wait_until_healthy(fleet: Fleet, sites: Sites, *, seconds: float) -> float:
    """Wait until all Argo CDs are listened to, all Stages healthy, and nothing due.

    Returns:
        How many seconds it took.

    Raises:
        TimeoutError: It takes too long.
    """
    began, everybody = time.monotonic(), fleet.stages.keys()

    def is_well() -> bool:
        heard = sites.streams() == len(sites.addresses)
        return heard and is_calm() and everybody <= fleet.healthy()

    if not wait_until(is_well, seconds=seconds):
        left = len(everybody - fleet.healthy())
        raise TimeoutError(f"{left} Stages are not healthy after {seconds:.0f} s; see the log")
    return time.monotonic() - began


def load_average() -> str:
    """Return what else the machine does, in words."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def _promoted(stage: Stage, freight: Freight, app: str) -> Stage:
    check = {
        "uses": "argocd-update",
        "config": {"apps": [{"name": app, "namespace": "argocd"}]},
    }
    origin = f"Warehouse/{freight.warehouse.name}"
    promotion = make_promotion(
        stage,
        freight,
        phase=PromotionPhase.SUCCEEDED,
        health_checks=[check],
        freight_collection={origin: freight.name},
    )
    hold_freight(stage, freight, promotion=promotion)
    Stage.objects.filter(pk=stage.pk).update(last_promotion=promotion)
    AddressedApplication.objects.create(
        tenant_uid=stage.project.tenant.uid, stage=stage, namespace="argocd", name=app
    )
    return stage


def _work(stages: list[Stage]) -> WorkQuerySet:
    return Work.objects.filter(kind=WorkKind.STAGE, uid__in=[it.uid for it in stages])

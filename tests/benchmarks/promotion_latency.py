"""Measures how soon a promotion's first step starts, against a bare wake in the same run.

``python -m tests.benchmarks.promotion_latency`` does so on SQLite and on PostgreSQL, with a real
worker. The clock runs from the call that creates the promotion to the start of its first step;
between them lie the creation, a pass over the Stage that lets the promotion in, and the start of
a pass over the promotion. The baseline is one wake and the start of a pass that does nothing.
"""

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests.benchmarks.databases import on_each_database

SAMPLES = 200
WARM_UP = 10
_PAUSE_SECONDS = 0.05
_HERE = "--here"

if __name__ == "__main__":
    if _HERE not in sys.argv:
        sys.exit(on_each_database("tests.benchmarks.promotion_latency", _HERE))
    os.environ["KARGO_RECONCILERS"] = "tests.benchmarks.promotion_latency.reconcilers"
    os.environ["STARTS_FILE"] = str(Path(os.environ["KARGO_VAR_DIR"]) / "starts")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

from django.core.management import call_command  # noqa: E402 -- needs the setup above
from django.db import connection  # noqa: E402

from common.clock import now  # noqa: E402
from common.jsontypes import JSONObject  # noqa: E402
from promotions import queue, wiring  # noqa: E402
from promotions.models import (  # noqa: E402
    Freight,
    Promotion,
    Stage,
    StepExecution,
    Verification,
    Work,
    WorkKind,
)
from promotions.reconcilers.loop import Reconcile  # noqa: E402
from promotions.services.apply import apply_document  # noqa: E402
from promotions.services.promotions import create_promotion  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from tests.benchmarks.wake_latency import note_start, started  # noqa: E402
from tests.factories.domain import make_freight, make_project, make_warehouse  # noqa: E402
from tests.functional.workers.processes import is_complete, start_worker, wait_until  # noqa: E402

_ACTOR = operator_at_console("bench")


@dataclass
class Times:
    """Milliseconds, in the order of measuring.

    Attributes:
        baseline: From a wake to the start of a pass that does nothing.
        total: From the call to the start of the first step.
        parts: What ``total`` consists of.
    """

    baseline: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)
    parts: dict[str, list[float]] = field(
        default_factory=lambda: {"create": [], "admit": [], "begin": []}
    )


def reconcilers() -> Mapping[WorkKind, Reconcile]:
    """Return the platform's own, but one that only notes when it was called for Warehouses."""
    return {**wiring.reconcilers(), WorkKind.WAREHOUSE: note_start}


def measure(stage: Stage, freight: Freight, *, samples: int) -> Times:
    """Wake and promote in turn, each when the one before is over."""
    times = Times()
    for _ in range(samples):
        times.baseline.append(_wake())
        _rest()
        _promote(stage, freight, times)
        _rest()
    return times


def _wake() -> float:
    uid = uuid4()
    Work.objects.create(kind=WorkKind.WAREHOUSE, uid=uid, tenant_uid=uid, shard="default")
    asked = time.time()
    queue.wake(kind=WorkKind.WAREHOUSE, uid=uid, at=now())
    _wait_for(lambda: str(uid) in started())
    return (started()[str(uid)] - asked) * 1000


def _promote(stage: Stage, freight: Freight, times: Times) -> None:
    stage = Stage.objects.get(pk=stage.pk)
    called = time.time()
    promotion = create_promotion(stage, freight, actor=_ACTOR, now=now())
    created = time.time()
    verified = Verification.objects.filter(collection__promotion=promotion)
    _wait_for(verified.exists)
    begun = Promotion.objects.get(pk=promotion.pk).started_at
    first = StepExecution.objects.get(promotion=promotion, index=0).started_at
    assert begun is not None
    assert first is not None
    times.total.append((first.timestamp() - called) * 1000)
    moments = (called, created, begun.timestamp(), first.timestamp())
    for index, part in enumerate(times.parts.values()):
        part.append((moments[index + 1] - moments[index]) * 1000)


def _wait_for(condition: Callable[[], bool]) -> None:
    if not wait_until(condition, seconds=20):
        raise TimeoutError("nothing happened for 20 s; see the worker's log")


def _rest() -> None:
    time.sleep(_PAUSE_SECONDS * random.uniform(0.7, 1.3))  # noqa: S311 -- no secret


def _world() -> tuple[Stage, Freight]:
    project = make_project("bench")
    warehouse = make_warehouse(project)
    step: JSONObject = {"uses": "compose-output", "as": "out", "config": {"one": 1}}
    document: JSONObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "test", "namespace": project.name},
        "spec": {
            "requestedFreight": [
                {"origin": {"kind": "Warehouse", "name": "main"}, "sources": {"direct": True}}
            ],
            "promotionTemplate": {"spec": {"steps": [step]}},
        },
    }
    apply_document(document, tenant=project.tenant, actor=_ACTOR, now=now())
    return Stage.objects.get(name="test"), make_freight(warehouse)


def _report(name: str, times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    median, p95 = statistics.median(ordered), ordered[int(0.95 * len(ordered))]
    sys.stdout.write(
        f"{name:<22} n={len(ordered):<4} median {median:7.1f} ms   p95 {p95:7.1f} ms   "
        f"max {ordered[-1]:7.1f} ms\n"
    )
    return median, p95


def main() -> int:
    """Print the figures of the configured database; return 1 if a promotion waits too long."""
    Path(os.environ["STARTS_FILE"]).touch()
    call_command("migrate", verbosity=0)
    stage, freight = _world()
    worker = start_worker(workers=2, log=Path(os.environ["KARGO_VAR_DIR"]) / "worker.log")
    try:
        wait_until(lambda: is_complete(worker.pid), seconds=20)
        measure(stage, freight, samples=WARM_UP)
        times = measure(stage, freight, samples=SAMPLES)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
    sys.stdout.write(f"database: {connection.vendor}\n")
    base, base_p95 = _report("bare wake (baseline)", times.baseline)
    median, p95 = _report("created -> first step", times.total)
    for name, part in times.parts.items():
        _report(f"  {name}", part)
    sys.stdout.write(f"ratio: median {median / base:.1f}x, p95 {p95 / base_p95:.1f}x a bare wake\n")
    limit = 50 if connection.vendor == "postgresql" else 150
    sys.stdout.write(f"aim: p95 within {limit} ms: {'met' if p95 <= limit else 'MISSED'}\n")
    return int(p95 > limit)


if __name__ == "__main__":
    sys.exit(main())

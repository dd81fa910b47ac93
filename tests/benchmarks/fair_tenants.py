"""Measures how much one tenant's 5,000 queued promotions delay another tenant's.

``python -m tests.benchmarks.fair_tenants`` uses the configured database (``DATABASE_URL``, else a
temporary SQLite) and ``manage.py worker``. It times promotions of a small tenant from their
creation to their end: while nobody else asks for anything (the baseline), and after another tenant
has queued 5,000. Then it times a claim with 100,000 due rows in the table against one with 100.

Arguments: how many promotions are queued, and how many rows are due (5000 and 100000).
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models.functions import Now

from common.clock import now
from projects.services.projects import create_project
from projects.services.tenants import create_tenant
from promotions.models import Freight, Promotion, Stage, Work, WorkKind
from promotions.reconcilers.loop import claim
from promotions.services.promotions import create_promotion
from rbac.actors import operator_at_console
from tests.factories.domain import make_freight, make_stage, make_warehouse
from tests.functional.workers.processes import is_complete, start_worker, wait_until

ROOT = operator_at_console("bench")
QUEUED, DUE = 5_000, 100_000
STAGES = 50
SAMPLES = 25
AIM_SECONDS = 3.0
CLAIMS = 40
_PAUSE_SECONDS = 0.2


def scene(name: str, stages: int) -> tuple[list[Stage], Freight]:
    """Return new Stages of a new tenant, and Freight that they may take."""
    tenant = create_tenant(name, actor=ROOT, now=now())
    project = create_project(tenant, "demo", actor=ROOT, now=now())
    freight = make_freight(make_warehouse(project))
    made = [make_stage(project, f"stage-{index}") for index in range(stages)]
    Work.objects.bulk_create(
        Work(kind=WorkKind.STAGE, uid=stage.uid, tenant_uid=tenant.uid, shard="default")
        for stage in made
    )
    return made, freight


def time_promotions(stage: Stage, freight: Freight, samples: int) -> list[float]:
    """Promote again and again; return the seconds from each creation to its end, sorted."""
    times = []
    for _ in range(samples):
        began = time.monotonic()
        fresh = Stage.objects.select_related("project__tenant").get(pk=stage.pk)
        promotion = create_promotion(fresh, freight, actor=ROOT, now=now())
        ended = Promotion.objects.filter(pk=promotion.pk, finished_at__isnull=False)
        if not wait_until(ended.exists, seconds=60):
            raise RuntimeError("a promotion of the small tenant did not end within a minute")
        times.append(time.monotonic() - began)
        time.sleep(_PAUSE_SECONDS)
    return sorted(times)


def queue_promotions(stages: list[Stage], freight: Freight, count: int) -> None:
    """Queue promotions as an eager program would, before the workers look."""
    for index in range(count):
        with transaction.atomic():
            stage = Stage.objects.select_related("project__tenant").get(
                pk=stages[index % len(stages)].pk
            )
            create_promotion(stage, freight, actor=ROOT, now=now())


def time_claims(due: int) -> tuple[float, float]:
    """Return the median and the 95th percentile of a claim's milliseconds with rows due."""
    Work.objects.all().delete()
    tenants = [uuid4() for _ in range(20)]
    for start in range(0, due, 5_000):
        Work.objects.bulk_create(
            Work(
                kind=WorkKind.STAGE,
                uid=uuid4(),
                # Nine of ten are one tenant's.
                tenant_uid=tenants[index % 20] if index % 10 == 0 else tenants[0],
                shard="default",
            )
            for index in range(start, min(start + 5_000, due))
        )
    Work.objects.update(due_at=Now())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE promotions_work")
    times = []
    for _ in range(CLAIMS):
        began = time.perf_counter()
        lease = claim("default", owner="bench")
        times.append((time.perf_counter() - began) * 1000)
        if lease is None:
            raise RuntimeError("nothing was claimed although much is due")
        lease.release(None)
    times.sort()
    return statistics.median(times), times[int(0.95 * len(times))]


def report(name: str, times: list[float]) -> float:
    p95 = times[int(0.95 * len(times))]
    sys.stdout.write(
        f"{name:<28} n={len(times):<3} median {statistics.median(times) * 1000:8.0f} ms   "
        f"p95 {p95 * 1000:8.0f} ms   max {times[-1] * 1000:8.0f} ms\n"
    )
    return p95


def main(queued: int = QUEUED, due: int = DUE) -> int:
    """Print the figures; return 1 if the neighbour is delayed by more than it may be."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    sys.stdout.write(f"database: {connection.vendor}\n")
    [quiet], wanted = scene("quiet", 1)
    noisy, flood = scene("noisy", STAGES)
    worker = start_worker(workers=2, log=Path(os.environ["KARGO_VAR_DIR"]) / "worker.log")
    try:
        wait_until(lambda: is_complete(worker.pid), seconds=20)
        time_promotions(quiet, wanted, 3)  # warm up
        baseline = time_promotions(quiet, wanted, SAMPLES)
        queue_promotions(noisy, flood, queued)
        waiting = Promotion.objects.filter(stage__in=noisy, finished_at__isnull=True)
        sys.stdout.write(f"queued by the neighbour: {waiting.count()} wait of {queued}\n")
        flooded = time_promotions(quiet, wanted, SAMPLES)
        sys.stdout.write(f"still waiting afterwards: {waiting.count()}\n")
    finally:
        worker.terminate()
        try:
            worker.wait(30)
        except subprocess.TimeoutExpired:
            worker.kill()
    calm = report("idle neighbour (baseline)", baseline)
    busy = report("neighbour queues promotions", flooded)
    delay = busy - calm
    few, many = time_claims(100), time_claims(due)
    for name, (median, p95) in (("100", few), (f"{due:,}", many)):
        sys.stdout.write(
            f"claim, {name:>8} rows due   median {median:6.2f} ms   p95 {p95:6.2f} ms\n"
        )
    is_met = delay <= AIM_SECONDS
    sys.stdout.write(
        f"delay at p95: {delay:.2f} s; aim: within {AIM_SECONDS:.0f} s: "
        f"{'met' if is_met else 'MISSED'}\n"
    )
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

"""Measures how soon a real worker starts on what was asked for, against polling in the same run.

``python -m tests.benchmarks.wake_latency`` uses the configured database (``DATABASE_URL``, else a
temporary SQLite), starts ``manage.py worker`` and times wakes, from the commit to the first
line of the reconciler. The baseline is the same worker finding the same work without being rung:
its sweep, once a second.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

SAMPLES = 100
BASELINE_SAMPLES = 12
_PAUSE_SECONDS = 0.12

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ["KARGO_RECONCILERS"] = "tests.benchmarks.wake_latency.reconcilers"
    os.environ["STARTS_FILE"] = str(Path(os.environ["KARGO_VAR_DIR"]) / "starts")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

from django.core.management import call_command  # noqa: E402 -- needs the setup above
from django.db import connection  # noqa: E402

from common.clock import now  # noqa: E402
from promotions import queue  # noqa: E402
from promotions.models import Work, WorkKind  # noqa: E402
from promotions.reconcilers.loop import Lease, Reconcile  # noqa: E402
from tests.functional.workers.processes import is_complete, start_worker, wait_until  # noqa: E402


def note_start(uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
    """Write down when the reconciler was called."""
    line = f"{uid} {time.time():.6f}\n"
    file = os.open(os.environ["STARTS_FILE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)
    return None


def reconcilers() -> Mapping[WorkKind, Reconcile]:
    return {WorkKind.WAREHOUSE: note_start}


def measure(samples: int, *, with_ring: bool) -> list[float]:
    """Ask for new objects one by one; return the milliseconds that each took."""
    asked = {}
    for _ in range(samples):
        uid = uuid4()
        Work.objects.create(kind=WorkKind.WAREHOUSE, uid=uid, tenant_uid=uid, shard="default")
        if with_ring:
            queue.wake(kind=WorkKind.WAREHOUSE, uid=uid, at=now())
        else:
            Work.objects.filter(uid=uid).update(due_at=now())
        asked[str(uid)] = time.time()
        pause = _PAUSE_SECONDS if with_ring else 1.3
        time.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311 -- no secret
    wait_until(lambda: asked.keys() <= started().keys(), seconds=10)
    starts = started()
    return sorted((starts[uid] - at) * 1000 for uid, at in asked.items())


def started() -> dict[str, float]:
    lines = Path(os.environ["STARTS_FILE"]).read_text().splitlines()
    return {uid: float(at) for uid, at in (line.split() for line in lines)}


def report(name: str, times: list[float]) -> tuple[float, float]:
    median, p95 = statistics.median(times), times[int(0.95 * len(times))]
    sys.stdout.write(
        f"{name:<18} n={len(times):<4} median {median:7.1f} ms   p95 {p95:7.1f} ms   "
        f"max {times[-1]:7.1f} ms\n"
    )
    return median, p95


def main() -> int:
    """Print the figures; return 1 if a wake takes longer than it may."""
    Path(os.environ["STARTS_FILE"]).touch()
    call_command("migrate", verbosity=0)
    worker = start_worker(workers=2, log=Path(os.environ["KARGO_VAR_DIR"]) / "worker.log")
    try:
        wait_until(lambda: is_complete(worker.pid), seconds=20)
        measure(10, with_ring=True)  # warm up
        baseline = measure(BASELINE_SAMPLES, with_ring=False)
        rung = measure(SAMPLES, with_ring=True)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
    sys.stdout.write(f"database: {connection.vendor}\n")
    slow, slow_p95 = report("swept (baseline)", baseline)
    quick, quick_p95 = report("woken", rung)
    sys.stdout.write(f"ratio: median {slow / quick:.1f}x, p95 {slow_p95 / quick_p95:.1f}x sooner\n")
    limit = 25 if connection.vendor == "postgresql" else 75
    sys.stdout.write(f"aim: p95 within {limit} ms: {'met' if quick_p95 <= limit else 'MISSED'}\n")
    return int(quick_p95 > limit)


if __name__ == "__main__":
    sys.exit(main())

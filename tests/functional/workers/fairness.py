"""Floods real workers with one tenant's work and times another's; prints what it took, as JSON.

``python -m tests.functional.workers.fairness`` runs it by hand: set ``KARGO_VAR_DIR`` to a folder
of its own, and ``DATABASE_URL`` unless SQLite in that folder will do; migrate first.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    os.environ["KARGO_RECONCILERS"] = "tests.functional.workers.fairness.reconcilers"
    django.setup()

from django.db import transaction

from common.clock import now as read_clock
from promotions import queue
from promotions.models import Work, WorkKind
from promotions.reconcilers.loop import Lease, Reconcile
from tests.functional.workers.processes import (
    is_complete,
    start_worker,
    wait_until,
)

FLOOD = 400
PASS_SECONDS = 0.05
ASKED = 8


def take_a_while(uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
    """Note when the pass began, and be busy."""
    del lease, now
    file = os.open(_starts(), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{uid} {time.time():.6f}\n".encode())
    os.close(file)
    time.sleep(PASS_SECONDS)
    return None


def reconcilers() -> Mapping[WorkKind, Reconcile]:
    return {WorkKind.WAREHOUSE: take_a_while}


def ask(tenant: UUID) -> tuple[str, float]:
    """Ask for a pass over something new of a tenant's; return its uid and when that was."""
    uid = uuid4()
    with transaction.atomic():
        queue.open_work(
            kind=WorkKind.WAREHOUSE, uid=uid, tenant_uid=tenant, shard="", due_at=read_clock()
        )
    return str(uid), time.time()


def started() -> dict[str, float]:
    path = Path(_starts())
    lines = path.read_text().splitlines() if path.exists() else []
    return {uid: float(at) for uid, at in (line.split() for line in lines)}


def main() -> dict[str, object]:
    """Return how long the neighbour waited, and how much of the flood was left then."""
    noisy, neighbour = uuid4(), uuid4()
    rows = [
        Work(kind=WorkKind.WAREHOUSE, uid=uuid4(), tenant_uid=noisy, shard="default")
        for _ in range(FLOOD)
    ]
    Work.objects.bulk_create(rows)
    worker = start_worker(workers=2, log=Path(os.environ["KARGO_VAR_DIR"]) / "worker.log")
    try:
        wait_until(lambda: is_complete(worker.pid), seconds=20)
        queue.wake_many(kind=WorkKind.WAREHOUSE, uids=[it.uid for it in rows], at=read_clock())
        wait_until(lambda: bool(started()), seconds=20)
        asked = {}
        for _ in range(ASKED):
            uid, at = ask(neighbour)
            asked[uid] = at
            time.sleep(0.3)
        wait_until(lambda: asked.keys() <= started().keys(), seconds=20)
        seen = started()
    finally:
        worker.terminate()
        worker.wait(20)
    waits = [seen[uid] - at for uid, at in asked.items() if uid in seen]
    return {
        "answered": len(waits),
        "longest_seconds": max(waits, default=999.0),
        "left": Work.objects.filter(tenant_uid=noisy, due_at__isnull=False).count(),
    }


def _starts() -> str:
    return os.path.join(os.environ["KARGO_VAR_DIR"], "starts")  # noqa: PTH118 -- text


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))

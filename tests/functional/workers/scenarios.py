"""Scenarios with real workers on the configured database; each prints what came of it as JSON.

``python -m tests.functional.workers.scenarios chaos`` runs one by hand: set ``KARGO_VAR_DIR`` to a
folder of its own, and ``DATABASE_URL`` unless SQLite in that folder will do; migrate first.
"""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
os.environ |= {
    "KARGO_RECONCILERS": "tests.functional.workers.reconciler.reconcilers",
    "KARGO_LEASE_SECONDS": "2",
    "CHAOS_ATTEMPTS": os.path.join(os.environ["KARGO_VAR_DIR"], "attempts"),  # noqa: PTH118 -- text
}
django.setup()

from django.db import connection, transaction  # noqa: E402

from common.clock import now  # noqa: E402
from promotions import queue  # noqa: E402
from promotions.models import Work, WorkerBeat, WorkKind  # noqa: E402
from tests.functional.workers import processes  # noqa: E402
from tests.functional.workers.reconciler import CREATE_TABLE, STEPS  # noqa: E402

VAR_DIR = Path(os.environ["KARGO_VAR_DIR"])
STALL_SECONDS = 3.5
Workers = list[subprocess.Popen[bytes]]


def prepare() -> None:
    with connection.cursor() as cursor:
        cursor.execute(CREATE_TABLE)


def add_items(count: int) -> None:
    for _ in range(count):
        with transaction.atomic():
            queue.open_work(
                kind=WorkKind.WAREHOUSE,
                uid=uuid4(),
                tenant_uid=uuid4(),
                shard="",
                due_at=now(),
            )


def effects() -> list[tuple[str, int, int]]:
    """Return (item, step, fence) in the order of recording."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT item, step, fence FROM chaos_effect ORDER BY recorded_at")
        return [(item, step, fence) for item, step, fence in cursor.fetchall()]


def is_all_done() -> bool:
    busy = Work.objects.exclude(due_at=None, lease_until=None).exists()
    return not busy


def start(count: int) -> Workers:
    workers = [
        processes.start_worker(workers=2, log=VAR_DIR / f"worker-{index}.log")
        for index in range(count)
    ]
    if not processes.wait_until(lambda: all(map(_is_up, workers)), seconds=20):
        stop(workers)
        raise RuntimeError((VAR_DIR / "worker-0.log").read_text())
    return workers


def _is_up(worker: subprocess.Popen[bytes]) -> bool:
    return processes.is_complete(worker.pid)


def stop(workers: Workers) -> list[int | None]:
    """Stop them as an operator would; return their exit codes."""
    for worker in workers:
        worker.terminate()
    for worker in workers:
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    return [worker.returncode for worker in workers]


def cut_connections() -> None:
    """End every other session of the database, as its restart would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


class Killer:
    """Kills a random process of a random role, or stalls a worker past its lease."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers
        self.kills: collections.Counter[str] = collections.Counter()
        self._stalled: list[tuple[float, int]] = []

    def strike(self) -> None:
        if connection.vendor == "postgresql" and random.random() < 0.1:  # noqa: S311 -- no secret
            cut_connections()
            self.kills["every connection"] += 1
            return
        index = random.randrange(len(self.workers))  # noqa: S311 -- no secret
        supervisor = self.workers[index]
        if random.random() < 0.12:  # noqa: S311 -- no secret
            supervisor.kill()
            supervisor.wait()
            self.kills["supervisor"] += 1
            log = VAR_DIR / f"worker-{index}.log"
            self.workers[index] = processes.start_worker(workers=2, log=log)
            return
        victim = processes.pick(processes.family(supervisor.pid))
        if victim is None or not processes.is_complete(supervisor.pid):
            return
        role, pid = victim
        if role == "busy worker" and random.random() < 0.4:  # noqa: S311 -- no secret
            self._stall(pid)
        elif processes.kill(pid):
            self.kills[role] += 1

    def resume(self, *, everything: bool = False) -> None:
        """Let stalled workers go on that have lost their lease by now."""
        over = [it for it in self._stalled if everything or it[0] <= time.monotonic()]
        self._stalled = [it for it in self._stalled if it not in over]
        for _, pid in over:
            processes.kill(pid, signal.SIGCONT)

    def _stall(self, pid: int) -> None:
        if processes.kill(pid, signal.SIGSTOP):
            self.kills["stalled worker"] += 1
            self._stalled.append((time.monotonic() + STALL_SECONDS, pid))


def chaos(items: int = 200, seconds: float = 18.0) -> dict[str, object]:
    """Kill processes at random while items are worked on."""
    workers = start(2)
    add_items(items)
    killer = Killer(workers)
    began = time.monotonic()
    next_strike = began + 0.3
    while time.monotonic() - began < seconds:
        if time.monotonic() >= next_strike:
            killer.strike()
            next_strike = time.monotonic() + random.uniform(0.2, 0.7)  # noqa: S311 -- no secret
        killer.resume()
        time.sleep(0.02)
    killer.resume(everything=True)
    is_done = processes.wait_until(is_all_done, seconds=40)
    took = time.monotonic() - began
    exit_codes = stop(killer.workers)
    return {
        "database": connection.vendor,
        "seconds": round(took, 1),
        "is_done": is_done,
        "kills": dict(killer.kills),
        "exit_codes": exit_codes,
        "attempts": len((VAR_DIR / "attempts").read_text().splitlines()),
        **_verdict(items),
    }


def _verdict(items: int) -> dict[str, object]:
    done = effects()
    last: dict[str, int] = {}
    fences_fell = 0
    for item, _, fence in done:
        fences_fell += fence < last.get(item, 0)
        last[item] = fence
    processes.wait_until(lambda: not processes.leftovers(), seconds=5)
    return {
        "wanted": items * STEPS,
        "effects": len(done),
        "distinct": len({(item, step) for item, step, _ in done}),
        "fences_fell": fences_fell,
        "leftovers": processes.leftovers(),
    }


def each_role() -> dict[str, object]:
    """Kill one process of each role; see each time that a worker still answers."""
    workers = start(1)
    answers: dict[str, float | None] = {}
    for role in ("idle worker", "monitor", "pusher", "sentinel", "main"):
        victim = _pid_of(role, workers[0].pid)
        processes.kill(victim)
        processes.wait_until(lambda: processes.is_complete(workers[0].pid), seconds=20)
        began = time.monotonic()
        add_items(4)
        is_done = processes.wait_until(is_all_done, seconds=20)
        answers[role] = round(time.monotonic() - began, 2) if is_done else None
    beats = WorkerBeat.objects.count()
    return {"answers": answers, "beats": beats, "exit_codes": stop(workers), **_verdict(20)}


def _pid_of(role: str, supervisor: int) -> int:
    pids: list[int] = []

    def is_found() -> bool:
        pids[:] = [pid for its, pid in processes.family(supervisor) if its == role]
        return bool(pids)

    processes.wait_until(is_found, seconds=20)
    return pids[0]


def orphans() -> dict[str, object]:
    """Kill the supervisor at work; everything under it must die."""
    workers = start(1)
    add_items(50)
    before = len(processes.family(workers[0].pid))
    workers[0].kill()
    workers[0].wait()
    processes.wait_until(lambda: not processes.leftovers(), seconds=5)
    return {"before": before, "leftovers": processes.leftovers()}


def shutdown() -> dict[str, object]:
    """Stop a worker that is busy; passes end, and nothing is left or lost."""
    workers = start(1)
    add_items(30)
    time.sleep(0.5)
    began = time.monotonic()
    exit_codes = stop(workers)
    took = time.monotonic() - began
    leased = Work.objects.exclude(lease_until=None).count()
    some = len(effects())
    left = processes.leftovers()
    workers = start(1)
    is_done = processes.wait_until(is_all_done, seconds=20)
    stop(workers)
    return {
        "seconds": round(took, 2),
        "exit_codes": exit_codes,
        "leased": leased,
        "leftovers": left,
        "effects_before": some,
        "is_done": is_done,
        "effects": len(effects()),
    }


SCENARIOS: dict[str, Callable[[], dict[str, object]]] = {
    "chaos": chaos,
    "each-role": each_role,
    "orphans": orphans,
    "shutdown": shutdown,
}

if __name__ == "__main__":
    prepare()
    sys.stdout.write(json.dumps(SCENARIOS[sys.argv[1]]()) + "\n")

"""Measures how soon 500 clients that watch one project hear of changes, against one client.

``python -m tests.benchmarks.watch_fanout`` uses the configured database (``DATABASE_URL``, else a
temporary SQLite), starts uvicorn, and times from the commit of a change to its arrival. Clients,
each with a connection of its own, run in this process and share its machine. The baseline is one
client of the same server in the same run.
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass

CLIENTS = 500
CHANGES = 20
STAGES = 20
_PAUSE_SECONDS = 0.7
_AT_ONCE = 50

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

from asgiref.sync import sync_to_async  # noqa: E402 -- needs the setup above
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from common.clock import now  # noqa: E402
from projects.models import ChangeType  # noqa: E402
from projects.services.changes import record_change  # noqa: E402
from promotions.models import Stage  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from rbac.services import issue_token  # noqa: E402
from tests.factories.domain import make_project, make_stage  # noqa: E402
from tests.factories.people import make_viewer  # noqa: E402
from tests.functional.api.wire import Server, serving, watching  # noqa: E402

PATH = "/v1beta1/projects/fanout/stages?watch=true"


@dataclass(frozen=True, slots=True)
class Run:
    """What some clients heard.

    Attributes:
        times: Milliseconds from commit to arrival, sorted; one for each delivery.
        cpu_seconds: Of the server, while changes were told.
        grown_bytes: By which the server grew when the clients came.
    """

    times: list[float]
    cpu_seconds: float
    grown_bytes: int


def prepare() -> tuple[list[Stage], str]:
    """Make a project with Stages, and the token of somebody who may watch it."""
    call_command("migrate", verbosity=0)
    project = make_project("fanout")
    stages = [make_stage(project, f"stage-{number}") for number in range(STAGES)]
    _token, plaintext = issue_token(
        make_viewer(project),
        name="bench",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("bench"),
        now=now(),
    )
    return stages, plaintext


async def measure(server: Server, stages: list[Stage], token: str, *, clients: int) -> Run:
    """Let clients come, then change Stages one by one; return what all of them heard."""
    committed: dict[str, float] = {}
    connected = asyncio.Barrier(clients + 1)
    doors = asyncio.Semaphore(_AT_ONCE)
    before = server.usage.memory_info().rss
    listening = [
        asyncio.create_task(_listen(server, token, doors, connected)) for _ in range(clients)
    ]
    await connected.wait()
    grown = server.usage.memory_info().rss - before
    cpu = _cpu_seconds(server)
    for number in range(CHANGES):
        stage = stages[number % len(stages)]
        committed[await _change(stage)] = time.monotonic()
        await asyncio.sleep(_PAUSE_SECONDS)
    heard = await asyncio.gather(*listening)
    spent = _cpu_seconds(server) - cpu
    times = [(at - committed[version]) * 1000 for some in heard for version, at in some]
    return Run(sorted(times), spent, grown)


async def _listen(
    server: Server, token: str, doors: asyncio.Semaphore, connected: asyncio.Barrier
) -> list[tuple[str, float]]:
    await doors.acquire()
    async with watching(server, PATH, token) as stream:
        await stream.take(STAGES)
        doors.release()
        await connected.wait()
        heard: list[tuple[str, float]] = []
        for _ in range(CHANGES):
            events = await stream.take(1)
            at = time.monotonic()
            heard += [(it.object["metadata"]["resourceVersion"], at) for it in events]
    return heard


async def _change(stage: Stage) -> str:
    change = await sync_to_async(record_change)(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )
    return str(change.pk)


def _cpu_seconds(server: Server) -> float:
    times = server.usage.cpu_times()
    return float(times.user + times.system)


def report(name: str, run: Run, *, clients: int) -> tuple[float, float]:
    median, p95 = statistics.median(run.times), run.times[int(0.95 * len(run.times))]
    sys.stdout.write(
        f"{name:<20} n={len(run.times):<6} median {median:6.0f} ms   p95 {p95:6.0f} ms   max "
        f"{run.times[-1]:6.0f} ms   CPU {run.cpu_seconds / len(run.times) * 1e6:7.0f} µs a "
        f"delivery   {run.grown_bytes / clients / 1024:6.0f} KiB a client\n"
    )
    return median, p95


def main() -> int:
    """Print the figures; return 1 if a delivery is missing or takes too long."""
    stages, token = prepare()
    with serving(KARGO_LOG_LEVEL="ERROR") as server:
        asyncio.run(measure(server, stages, token, clients=1))  # warm up
        alone = asyncio.run(measure(server, stages, token, clients=1))
        many = asyncio.run(measure(server, stages, token, clients=CLIENTS))
    sys.stdout.write(f"database: {connection.vendor}\n")
    one, one_p95 = report("one client (baseline)", alone, clients=1)
    all_, all_p95 = report(f"{CLIENTS} clients", many, clients=CLIENTS)
    is_whole = len(many.times) == CLIENTS * CHANGES
    sys.stdout.write(f"ratio: median {all_ / one:.1f}x, p95 {all_p95 / one_p95:.1f}x later\n")
    sys.stdout.write(f"aim: all delivered: {'met' if is_whole else 'MISSED'}\n")
    sys.stdout.write(f"aim: p95 within 1000 ms: {'met' if all_p95 <= 1000 else 'MISSED'}\n")
    return int(not is_whole or all_p95 > 1000)


if __name__ == "__main__":
    sys.exit(main())

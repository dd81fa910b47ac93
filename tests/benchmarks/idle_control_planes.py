"""Measures what Stages cost while nothing happens: CPU, SQL statements and requests a minute.

``python -m tests.benchmarks.idle_control_planes`` uses the configured database (``DATABASE_URL``,
else a temporary SQLite), ``manage.py worker`` and fake Argo CDs over HTTP in a process of their
own. Every Stage depends on one Application, everything is healthy, and looks are spread over the
five minutes between them. Baselines in the same run: the same worker without any Stage, a tenth
of the Stages, and a bare client that asks for every Application once in five minutes.

The fresh list that follows on each stream's end, every five minutes, may fall outside of what is
measured: it is one request in five minutes to each Argo CD.

Arguments: how many Stages, how many control planes, and how many seconds to measure (1000 20 24).
"""

import logging
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ["STATEMENTS_DIR"] = os.environ["KARGO_VAR_DIR"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.counting_settings"
    import django

    django.setup()

import httpx
from django.core.management import call_command
from django.db import connection
from django.db.models import Sum

from promotions.models import Work
from tests.benchmarks.argocd_sites import Sites, running_sites
from tests.benchmarks.counting_settings import statements_of_others
from tests.benchmarks.fleet import (
    RESYNC_SECONDS,
    SETTLE_SECONDS,
    load_average,
    make_fleet,
    register_planes,
    running_worker,
    spread,
    wait_until_healthy,
)
from tests.benchmarks.worker_costs import cpu_seconds

STAGES, PLANES, SECONDS = 1_000, 20, 24.0
_START_SECONDS = 5.0
_SHOWN_SECONDS = 0.05
AIM_CPU_SECONDS = 12.0
AIM_REQUESTS = 3.0
"""A minute to each Argo CD, beyond those of a bare client: checks of the control plane, lists."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a minute costs.

    Attributes:
        cpu: Seconds, by role of the process.
        requests: That each Argo CD saw.
        looks: How many objects were looked at.
    """

    cpu: dict[str, float]
    statements: float
    requests: list[float]
    looks: float

    @property
    def cpu_seconds(self) -> float:
        """Of all processes."""
        return sum(self.cpu.values())


def measure(worker: int, sites: Sites, *, seconds: float) -> Cost:
    """Let so much time pass; return what it cost, as a minute would."""
    folder, claims = Path(os.environ["KARGO_VAR_DIR"]), _claims()
    cpu, statements, requests = cpu_seconds(worker), statements_of_others(folder), sites.requests()
    began = time.monotonic()
    time.sleep(seconds)
    minutes = (time.monotonic() - began) / 60
    spent = cpu_seconds(worker)
    return Cost(
        cpu={role: (it - cpu.get(role, 0)) / minutes for role, it in spent.items()},
        statements=(statements_of_others(folder) - statements) / minutes,
        requests=[
            (new - old) / minutes for new, old in zip(sites.requests(), requests, strict=True)
        ],
        looks=(_claims() - claims) / minutes,
    )


def _claims() -> int:
    """Return how many looks have begun so far, at anything."""
    return int(Work.objects.aggregate(claims=Sum("fence"))["claims"] or 0)


def poll_by_hand(sites: Sites) -> tuple[float, float]:
    """Ask for every Application once, with a bare client; return CPU seconds and requests.

    Both are for a minute in which each is asked for as often as a Stage looks.
    """
    began, count = time.process_time(), 0
    for address in sites.addresses:
        header = {"Authorization": f"Bearer {address.token}"}
        path = (
            "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/"
            if address.kind == "kubernetes"
            else "/api/v1/applications/"
        )
        with httpx.Client(base_url=address.url, headers=header) as client:
            for app in address.apps:
                client.get(f"{path}{app}").raise_for_status().json()
                count += 1
    minutes = RESYNC_SECONDS / 60
    return (time.process_time() - began) / minutes, count / minutes / len(sites.addresses)


def report(name: str, cost: Cost) -> None:
    most = sorted(cost.cpu.items(), key=lambda it: -it[1])
    parts = ", ".join(f"{role} {it:.1f}" for role, it in most if it >= _SHOWN_SECONDS)
    sys.stdout.write(
        f"{name:<26} CPU {cost.cpu_seconds:5.1f} s ({parts})   SQL {cost.statements:6.0f}   looks "
        f"{cost.looks:4.0f}   requests to each {statistics.mean(cost.requests):4.1f}, at most "
        f"{max(cost.requests):4.1f}\n"
    )


def main(count: int = STAGES, planes: int = PLANES, seconds: float = SECONDS) -> int:
    """Print what a minute costs; return 1 if it is more than it may be."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    sys.stdout.write(f"database: {connection.vendor}; {load_average()}\n")
    with running_sites(planes, apps=count // planes) as sites:
        fleet = make_fleet(sites)
        polled_cpu, polled_requests = poll_by_hand(sites)
        with running_worker() as worker:
            time.sleep(_START_SECONDS)
            empty = measure(worker.pid, sites, seconds=seconds / 2)
            register_planes(fleet, sites.addresses)
            took = wait_until_healthy(fleet, sites, seconds=SETTLE_SECONDS)
            sys.stdout.write(f"from nothing to {count} healthy Stages: {took:.0f} s\n")
            few = fleet.part(count // 10)
            spread(few)
            some = measure(worker.pid, sites, seconds=seconds)
            spread(list(fleet.stages.values()))
            all_ = measure(worker.pid, sites, seconds=seconds)
    sys.stdout.write("in a minute:\n")
    report("no Stages (baseline)", empty)
    report(f"{len(few)} Stages", some)
    report(f"{count} Stages", all_)
    sys.stdout.write(
        f"{'bare polling (baseline)':<26} CPU {polled_cpu:5.1f} s{'':<44}requests to each "
        f"{polled_requests:4.1f}\n"
    )
    return judge(empty, all_, polled_cpu, polled_requests)


def judge(empty: Cost, full: Cost, polled_cpu: float, polled_requests: float) -> int:
    """Print how the figures relate; return 1 if an aim is missed."""
    added = full.cpu_seconds - empty.cpu_seconds
    beyond = statistics.mean(full.requests) - polled_requests
    sys.stdout.write(
        f"Stages add {added:.1f} s of CPU, {added / polled_cpu:.1f}x bare polling; "
        f"{added / max(full.looks, 1) * 1000:.0f} ms a look\n"
    )
    met = {
        f"CPU within {AIM_CPU_SECONDS:.0f} s a minute": full.cpu_seconds <= AIM_CPU_SECONDS,
        f"{AIM_REQUESTS:.0f} requests more than bare polling ({beyond:.1f})": beyond
        <= AIM_REQUESTS,
    }
    for aim, is_met in met.items():
        sys.stdout.write(f"aim: {aim}: {'met' if is_met else 'MISSED'}\n")
    return int(not all(met.values()))


if __name__ == "__main__":
    numbers = [int(it) for it in sys.argv[1:]]
    sys.exit(main(*numbers))

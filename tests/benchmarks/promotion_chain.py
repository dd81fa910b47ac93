"""Measures what auto-promotion through ten Stages takes beside the time of the steps themselves.

``python -m tests.benchmarks.promotion_chain`` does so on SQLite and on PostgreSQL, with a real
worker: once with a step that does nothing, once with ``argocd-update`` against a fake Argo CD in
a process of its own. A hop runs from the end of a Stage's last step to the start of the next
Stage's first: between them lie the end of the promotion, a look at the Stage's health, its
verification, the next Stage's choice, and the promotion's creation and start. The baseline is one
wake and the start of a pass that does nothing.

Arguments after ``--here``, which takes the configured database: how many pieces of Freight (5).
"""

import logging
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from tests.benchmarks.databases import on_each_database

HOPS, CHAINS, WAKES = 10, 5, 30
AIM_SECONDS = 1.0
_HERE = "--here"

if __name__ == "__main__":
    if _HERE not in sys.argv:
        sys.exit(on_each_database("tests.benchmarks.promotion_chain", _HERE))
    os.environ["KARGO_RECONCILERS"] = "tests.benchmarks.promotion_latency.reconcilers"
    os.environ["STARTS_FILE"] = str(Path(os.environ["KARGO_VAR_DIR"]) / "starts")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

from django.core.management import call_command  # noqa: E402 -- needs the setup above
from django.db import connection  # noqa: E402
from django.db.models import Max, Min, QuerySet  # noqa: E402

from common.clock import now  # noqa: E402
from common.jsontypes import JSONObject, JSONValue  # noqa: E402
from projects.models import Project  # noqa: E402
from promotions import queue  # noqa: E402
from promotions.models import Freight, Promotion, Warehouse, Work, WorkKind  # noqa: E402
from promotions.services.apply import apply_document  # noqa: E402
from promotions.services.freight import create_freight  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from tests.benchmarks.argocd_sites import (  # noqa: E402
    COMMIT,
    CONFIG_URL,
    START_SECONDS,
    SYNC_SECONDS,
    Sites,
    running_sites,
)
from tests.benchmarks.fleet import (  # noqa: E402
    is_calm,
    load_average,
    register_plane,
    running_worker,
)
from tests.benchmarks.wake_latency import started  # noqa: E402
from tests.factories.domain import GIT_URL, make_project, make_warehouse  # noqa: E402
from tests.functional.workers.processes import wait_until  # noqa: E402

_ACTOR = operator_at_console("bench")
_NOTHING: JSONObject = {"uses": "compose-output", "as": "out", "config": {"one": 1}}


def make_chain(name: str, step: Callable[[int], JSONObject]) -> Warehouse:
    """Make a project of ten Stages, each of which takes by itself what the one before verified."""
    project = make_project(name)
    warehouse = make_warehouse(project)
    everything: JSONValue = {"stageSelector": {"name": "glob:*"}, "autoPromotionEnabled": True}
    _apply(project, "ProjectConfig", name, {"promotionPolicies": [everything]})
    for number in range(HOPS):
        sources: JSONValue = {"stages": [_stage(number - 1)]} if number else {"direct": True}
        origin: JSONValue = {"kind": "Warehouse", "name": warehouse.name}
        spec: JSONObject = {
            "requestedFreight": [{"origin": origin, "sources": sources}],
            "promotionTemplate": {"spec": {"steps": [step(number)]}},
        }
        _apply(project, "Stage", _stage(number), spec)
    return warehouse


def run_chains(warehouse: Warehouse, count: int) -> tuple[list[float], list[float], list[float]]:
    """Send pieces of Freight through the chain, one when the one before has arrived.

    Returns:
        Seconds from the creation of each to the first step, of each hop, and of each Stage's
        steps.
    """
    first: list[float] = []
    hops: list[float] = []
    steps: list[float] = []
    for _ in range(count):
        wait_until(is_calm, seconds=20)
        created = time.time()
        freight = _freight(warehouse)
        ended = Promotion.objects.filter(freight=freight, finished_at__isnull=False)
        if not wait_until(lambda ended=ended: ended.count() == HOPS, seconds=60):  # type: ignore[misc] # a default
            raise TimeoutError("Freight did not arrive within a minute; see the worker's log")
        spans = _spans(ended)
        first.append(spans[0][0] - created)
        hops += [after[0] - before[1] for before, after in pairwise(spans)]
        steps += [end - begin for begin, end in spans]
    return sorted(first), sorted(hops), sorted(steps)


def bare_wakes(count: int) -> list[float]:
    """Return how many seconds a wake takes to the start of a pass that does nothing, sorted."""
    times = []
    for _ in range(count):
        uid = uuid4()
        Work.objects.create(kind=WorkKind.WAREHOUSE, uid=uid, tenant_uid=uid, shard="default")
        asked = time.time()
        queue.wake(kind=WorkKind.WAREHOUSE, uid=uid, at=now())
        wait_until(lambda uid=uid: str(uid) in started(), seconds=20)  # type: ignore[misc] # a default
        times.append(started()[str(uid)] - asked)
    return sorted(times)


def main(chains: int = CHAINS) -> int:
    """Print the figures of the configured database; return 1 if a hop takes too long."""
    logging.disable(logging.INFO)
    Path(os.environ["STARTS_FILE"]).touch()
    call_command("migrate", verbosity=0)
    sys.stdout.write(f"database: {connection.vendor}; {load_average()}\n")
    with running_sites(1, apps=HOPS, stage="synced:s{:02d}") as sites:
        plain = make_chain("plain", lambda _: _NOTHING)
        synced = make_chain("synced", lambda number: _sync(sites, number))
        register_plane(synced.project, sites.addresses[0])
        with running_worker():
            wait_until(lambda: sites.streams() == 1, seconds=30)
            run_chains(plain, 1)  # warm up
            wakes = bare_wakes(WAKES)
            quick = run_chains(plain, chains)
            slow = run_chains(synced, chains)
    base = report("bare wake (baseline)", wakes)
    p95 = 0.0
    for name, (first, hops, steps) in (("", quick), (", argocd-update", slow)):
        report(f"Freight -> first step{name}", first)
        p95 = max(p95, report(f"hop{name}", hops))
        report(f"steps of a Stage{name}", steps)
    beyond = [it - START_SECONDS - SYNC_SECONDS for it in slow[2]]
    report("  beside Argo CD's own time", beyond)
    sys.stdout.write(f"ratio: p95 {p95 / base:.1f}x a bare wake\n")
    sys.stdout.write(
        f"aim: p95 of a hop within {AIM_SECONDS:.0f} s: {'met' if p95 <= 1 else 'MISSED'}\n"
    )
    return int(p95 > AIM_SECONDS)


def report(name: str, times: list[float]) -> float:
    p95 = times[int(0.95 * len(times))]
    sys.stdout.write(
        f"{name:<38} n={len(times):<4} median {statistics.median(times) * 1000:6.0f} ms   "
        f"p95 {p95 * 1000:6.0f} ms   max {times[-1] * 1000:6.0f} ms\n"
    )
    return p95


def _spans(ended: QuerySet[Promotion]) -> list[tuple[float, float]]:
    """Return when the first step of each promotion began, and the last one ended."""
    rows = ended.order_by("stage__name").annotate(
        begin=Min("step_executions__started_at"), end=Max("step_executions__finished_at")
    )
    return [(row.begin.timestamp(), row.end.timestamp()) for row in rows]


def _sync(sites: Sites, number: int) -> JSONObject:
    source: JSONValue = {"repoURL": CONFIG_URL, "desiredRevision": COMMIT}
    app: JSONValue = {"name": sites.addresses[0].apps[number], "sources": [source]}
    return {"uses": "argocd-update", "as": "sync", "config": {"apps": [app]}}


def _freight(warehouse: Warehouse) -> Freight:
    commit = {"repoURL": GIT_URL, "id": f"{uuid4().hex:0>40}", "branch": "main"}
    freight, _ = create_freight(
        warehouse, {"commits": [commit]}, discovered_at=now(), actor=_ACTOR, now=now()
    )
    return freight


def _stage(number: int) -> str:
    return f"s{number:02d}"


def _apply(project: Project, kind: str, name: str, spec: JSONObject) -> None:
    document: JSONObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": project.name},
        "spec": spec,
    }
    apply_document(document, tenant=project.tenant, actor=_ACTOR, now=now())


if __name__ == "__main__":
    sys.exit(main(*(int(it) for it in sys.argv[1:] if it != _HERE)))

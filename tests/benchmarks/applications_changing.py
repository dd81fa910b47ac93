"""Measures how soon every Stage's stored health shows that all Applications changed at once.

``python -m tests.benchmarks.applications_changing`` uses the configured database
(``DATABASE_URL``, else a temporary SQLite), ``manage.py worker`` and fake Argo CDs over HTTP in a
process of their own. The clock runs from the change of an Application in its Argo CD to the
moment in which another connection reads its Stage's new health. The baseline, in the same run, is
a bare client that hears of the same changes by the same streams and writes a row for each.

Arguments: how many Stages, and how many control planes (1000 20).
"""

import json
import logging
import os
import queue as threads
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from threading import Thread

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
    import django

    django.setup()

import httpx
from django.core.management import call_command
from django.db import connection

from promotions.models import Stage
from tests.benchmarks.argocd_sites import Address, Sites, running_sites
from tests.benchmarks.fleet import (
    SETTLE_SECONDS,
    Fleet,
    is_calm,
    load_average,
    make_fleet,
    register_planes,
    running_worker,
    wait_until_healthy,
)
from tests.functional.workers.processes import wait_until

STAGES, PLANES, ALONE = 1_000, 20, 20
AIM_SECONDS = 30.0
LONGEST_SECONDS = 60.0
_LOOK_SECONDS = 0.1


def change(fleet: Fleet, sites: Sites) -> list[float]:
    """Change all Applications; return after how many seconds each Stage showed it, sorted."""
    moments = sites.set_health("Degraded")
    seen: dict[str, float] = {}
    ends = time.monotonic() + LONGEST_SECONDS
    while len(seen) < len(moments) and time.monotonic() < ends:
        time.sleep(_LOOK_SECONDS)
        shown, at = fleet.healthy("Unhealthy"), time.time()
        seen |= dict.fromkeys(shown - seen.keys(), at)
    return sorted(seen[app] - moments[app] for app in seen)


def change_some(fleet: Fleet, sites: Sites) -> list[float]:
    """Change some Applications one after the other; return as :func:`change`."""
    every = max(1, len(fleet.stages) // ALONE)
    return sorted(_change_one(app, fleet, sites) for app in [*fleet.stages][::every])


def _change_one(app: str, fleet: Fleet, sites: Sites) -> float:
    moment = sites.set_health("Degraded", only=app)[app]
    if not wait_until(lambda: app in fleet.healthy("Unhealthy"), seconds=20):
        raise TimeoutError(f"nothing is seen of {app} after 20 s; see the worker's log")
    took = time.time() - moment
    sites.set_health("Healthy", only=app)
    return took


def hear_by_hand(fleet: Fleet, sites: Sites) -> list[float]:
    """Do with a bare client what is to be done at least; return as :func:`change`."""
    heard: threads.Queue[str] = threads.Queue()
    for address in sites.addresses:
        Thread(target=_listen, args=(address, heard), daemon=True).start()
    wait_until(lambda: sites.streams() == len(sites.addresses), seconds=20)
    time.sleep(1)
    while not heard.empty():
        heard.get()  # what was there when the streams began
    asked: list[dict[str, float]] = []
    asking = Thread(target=lambda: asked.append(sites.set_health("Progressing")))
    asking.start()
    written: dict[str, float] = {}
    while len(written) < len(fleet.stages):
        app = heard.get(timeout=LONGEST_SECONDS)
        health = {"status": "Progressing", "issues": []}
        Stage.objects.filter(pk=fleet.stages[app].pk).update(health=health)
        written[app] = time.time()
    asking.join()
    sites.hang_up()
    sites.set_health("Healthy")
    return sorted(at - asked[0][app] for app, at in written.items())


def _listen(address: Address, heard: "threads.Queue[str]") -> None:
    header = {"Authorization": f"Bearer {address.token}", "Accept": "text/event-stream"}
    path = (
        "/apis/argoproj.io/v1alpha1/applications?watch=true"
        if address.kind == "kubernetes"
        else "/api/v1/stream/applications"
    )
    with (
        httpx.Client(base_url=address.url, headers=header, timeout=None) as client,  # noqa: S113 -- it is hung up on
        client.stream("GET", path) as answer,
    ):
        for name in _names_in(answer.iter_lines()):
            heard.put(name)


def _names_in(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        text = line.removeprefix("data:").strip()
        if text.startswith("{"):
            message = json.loads(text)
            found = message.get("object") or message["result"]["application"]
            if "name" in found["metadata"]:
                yield found["metadata"]["name"]


def report(name: str, times: list[float]) -> float:
    p95 = times[int(0.95 * len(times))]
    sys.stdout.write(
        f"{name:<30} n={len(times):<5} median {statistics.median(times):6.2f} s   "
        f"p95 {p95:6.2f} s   max {times[-1]:6.2f} s\n"
    )
    return p95


def main(count: int = STAGES, planes: int = PLANES) -> int:
    """Print the figures; return 1 if a Stage never shows it, or too late."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    sys.stdout.write(f"database: {connection.vendor}; {load_average()}\n")
    with running_sites(planes, apps=count // planes) as sites:
        fleet = make_fleet(sites)
        by_hand = hear_by_hand(fleet, sites)
        with running_worker():
            register_planes(fleet, sites.addresses)
            wait_until_healthy(fleet, sites, seconds=SETTLE_SECONDS)
            alone = change_some(fleet, sites)
            wait_until(is_calm, seconds=20)
            together = change(fleet, sites)
    base = report("bare client (baseline)", by_hand)
    report("one at a time", alone)
    p95 = report("all at once", together)
    is_whole = len(together) == len(fleet.stages)
    sys.stdout.write(f"ratio: p95 {p95 / base:.1f}x a bare client's\n")
    for aim, is_met in {
        "every Stage shows it": is_whole,
        f"p95 within {AIM_SECONDS:.0f} s": p95 <= AIM_SECONDS,
        "one alone within 2 s": alone[-1] <= 2,
    }.items():
        sys.stdout.write(f"aim: {aim}: {'met' if is_met else 'MISSED'}\n")
    return int(not (is_whole and p95 <= AIM_SECONDS and alone[-1] <= 2))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

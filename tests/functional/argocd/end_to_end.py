"""Argo CDs on the wire, real workers and the listener that they start; printed as JSON.

``python -m tests.functional.argocd.end_to_end 50 20`` runs it by hand, with fifty Argo CDs and
twenty changes of health: set ``KARGO_VAR_DIR`` to a folder of its own, and ``DATABASE_URL`` unless
SQLite in that folder will do; migrate first.

Each Argo CD serves one project, and all are in one shard. First all is well; then one answers after
everybody has given up, and one is gone; then a third one goes, and comes back.
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
os.environ["KARGO_EGRESS_ALLOWED_HOSTS"] = "127.0.0.1"
django.setup()

from common.clock import now  # noqa: E402
from common.jsontypes import JSONObject  # noqa: E402
from projects.models import ControlPlane, Project  # noqa: E402
from promotions import queue  # noqa: E402
from promotions.models import Promotion, Stage, WorkKind  # noqa: E402
from promotions.services.apply import apply_document  # noqa: E402
from promotions.services.promotions import create_promotion  # noqa: E402
from tests.factories.domain import make_freight, make_project, make_warehouse  # noqa: E402
from tests.fakes.argocd import Fault, Settings, Site, application, argocd  # noqa: E402
from tests.fakes.argocd.rest import rest_api  # noqa: E402
from tests.fakes.argocd.server import serving  # noqa: E402
from tests.functional.control_planes.scenes import ROOT, register  # noqa: E402
from tests.functional.workers import processes  # noqa: E402

VAR_DIR = Path(os.environ["KARGO_VAR_DIR"])
LOG = VAR_DIR / "worker.log"
SLOW, DEAD, LOST = 0, 1, 2
SLOW_SECONDS = 12.0
"""Longer than anybody waits for an answer."""
WORKERS = 4
PATIENCE_SECONDS = 120.0
TICK_SECONDS = 0.2
STATES = {"Degraded": "Unhealthy", "Healthy": "Healthy", "Missing": "Unhealthy"}


@dataclass(frozen=True)
class Place:
    """A project, its Stage, and the Argo CD that it promotes by, behind a door that can close."""

    stage: Stage
    plane: ControlPlane
    site: Site
    door: ExitStack

    def health(self) -> str:
        return str(self._health().get("status", ""))

    def issues(self) -> str:
        return "; ".join(self._health().get("issues", ()))

    def state(self) -> str:
        return str(ControlPlane.objects.values_list("state", flat=True).get(pk=self.plane.pk))

    def change(self, health: str) -> None:
        self.site.set(self.plane.name, {"status": {"health": {"status": health}}})

    def _health(self) -> dict[str, list[str]]:
        stored = Stage.objects.values_list("health", flat=True).get(pk=self.stage.pk)
        return stored or {}


def run(count: int, changes: int) -> dict[str, object]:
    """Return what came of it all, and how long it took."""
    with ExitStack() as stack:
        places = [_place(number, stack) for number in range(count)]
        others = [it for number, it in enumerate(places) if number not in {SLOW, DEAD}]
        stack.enter_context(_passing([it.site for it in places]))
        worker = processes.start_worker(workers=WORKERS, log=LOG)
        try:
            _until(lambda: not ControlPlane.objects.filter(state="pending").exists())
            before = _round(places, others, health="Degraded")
            latencies = _latencies(others[0], changes)
            places[SLOW].site.fail(Fault(delay_seconds=SLOW_SECONDS, times=None))
            places[DEAD].door.close()
            after = _round(places, others, health="Missing")
            states = sorted({it.state() for it in others})
            places[SLOW].site.faults.clear()
            return {
                "before": before,
                "after": after,
                "others": states,
                "latencies": latencies,
                **_lost_and_found(places[LOST]),
                **_stopped(worker),
            }
        finally:
            worker.kill()
            worker.wait()


def _round(places: list[Place], others: list[Place], *, health: str) -> dict[str, float]:
    """Have everything happen to all at once, and return how long the others took each time."""
    return {
        "promotions": _timed(partial(_promote, places), lambda: _are_promoted(others)),
        "health": _timed(partial(_change, places, health), lambda: _show(others, STATES[health])),
        "checks": _timed(partial(_check, places), lambda: _are_checked(others)),
    }


def _timed(act: Callable[[], object], is_done: Callable[[], bool]) -> float:
    began = time.monotonic()
    act()
    _until(is_done)
    return round(time.monotonic() - began, 3)


def _promote(places: list[Place]) -> None:
    for it in places:
        stage = Stage.objects.get(pk=it.stage.pk)
        create_promotion(stage, make_freight(stage.project.warehouses.get()), actor=ROOT, now=now())


def _are_promoted(places: list[Place]) -> bool:
    waiting = Promotion.objects.filter(stage__in=[it.stage.pk for it in places])
    return not waiting.exclude(phase="Succeeded").exists() and _show(places, "Healthy")


def _change(places: list[Place], health: str) -> None:
    for it in places:
        it.change(health)


def _show(places: list[Place], health: str) -> bool:
    rows = Stage.objects.filter(pk__in=[it.stage.pk for it in places])
    found = rows.values_list("health", flat=True)
    return all((it or {}).get("status") == health for it in found)


def _check(places: list[Place]) -> None:
    uids = [it.plane.uid for it in places]
    ControlPlane.objects.filter(uid__in=uids).update(checked_at=None)
    queue.wake_many(kind=WorkKind.CONTROL_PLANE, uids=uids, at=now())


def _are_checked(places: list[Place]) -> bool:
    rows = ControlPlane.objects.filter(pk__in=[it.plane.pk for it in places])
    return not rows.filter(checked_at=None).exists()


def _latencies(place: Place, changes: int) -> dict[str, float]:
    """Return how long it took until the Stage's stored health was Argo CD's."""
    shown = ["Degraded" if number % 2 else "Healthy" for number in range(changes)]
    seconds = [
        _timed(partial(place.change, health), partial(_show, [place], STATES[health]))
        for health in shown
    ]
    return {"p50": round(statistics.median(seconds), 3), "max": max(seconds)}


def _lost_and_found(place: Place) -> dict[str, object]:
    """Return what is said of an Argo CD that is gone, and whether its return is noticed."""
    closed_at = time.monotonic()
    place.door.close()
    _until(lambda: place.health() == "Unknown" and place.state() == "unreachable")
    lost = {
        "issues": place.issues(),
        "plane": place.state(),
        "seconds": round(time.monotonic() - closed_at, 1),
    }
    address = urlsplit(place.site.rest_url)
    reopened = serving(place.site, "rest", rest_api(place.site), port=address.port or 0)
    place.change("Healthy")
    began = time.monotonic()
    with reopened:
        _until(lambda: place.health() == "Healthy" and place.state() == "ready")
        seconds = round(time.monotonic() - began, 1)
        found = {"health": place.health(), "plane": place.state(), "seconds": seconds}
    return {"lost": lost, "found": found}


def _stopped(worker: "subprocess.Popen[bytes]") -> dict[str, object]:
    began = time.monotonic()
    worker.terminate()
    worker.wait(PATIENCE_SECONDS)
    took = time.monotonic() - began
    processes.wait_until(lambda: not processes.leftovers(), seconds=5)
    return {
        "exit_code": worker.returncode,
        "stop_seconds": round(took, 1),
        "leftovers": processes.leftovers(),
        "tracebacks": LOG.read_text().count("Traceback"),
    }


def _place(number: int, stack: ExitStack) -> Place:
    name = f"p{number:02}"
    door = stack.enter_context(ExitStack())
    app = application(name, stage=f"{name}:prod")
    site = door.enter_context(argocd(apps=[app], settings=Settings(second=1)))
    site.controller.start_seconds = site.controller.sync_seconds = TICK_SECONDS
    project = make_project(name)
    make_warehouse(project)
    plane = register(
        project.tenant,
        name,
        address=site.rest_url,
        credential={"token": site.token},
        projects=[name],
    )
    return Place(_stage(project), plane, site, door)


def _stage(project: Project) -> Stage:
    step: JSONObject = {"uses": "argocd-update", "config": {"apps": [{"name": project.name}]}}
    document: JSONObject = {
        "apiVersion": "kargo.akuity.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "prod", "namespace": project.name},
        "spec": {
            "requestedFreight": [
                {"origin": {"kind": "Warehouse", "name": "main"}, "sources": {"direct": True}}
            ],
            "promotionTemplate": {"spec": {"steps": [step]}},
        },
    }
    found = apply_document(document, tenant=project.tenant, actor=ROOT, now=now()).resource
    assert isinstance(found, Stage)
    return found


@contextmanager
def _passing(sites: list[Site]) -> Iterator[None]:
    """Let the time of all Argo CDs pass as ours does."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(TICK_SECONDS):
            for site in sites:
                site.clock.advance(TICK_SECONDS)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; what is not so in the end, the figures tell."""
    processes.wait_until(is_so, seconds=PATIENCE_SECONDS)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]), int(sys.argv[2]))) + "\n")

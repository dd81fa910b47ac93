"""Two hundred Warehouses on one repository, and real workers of several processes; prints JSON.

Counts what the repository's host was asked for: first by Warehouses that poll, then by Warehouses
that are all refreshed, as a webhook does it.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

VAR_DIR = Path(os.environ["KARGO_VAR_DIR"]).resolve()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
os.environ |= {"KARGO_VAR_DIR": str(VAR_DIR), "KARGO_EGRESS_ALLOWED_HOSTS": "127.0.0.1"}
django.setup()

from django.core.management import call_command  # noqa: E402 -- needs the setup above

from common.clock import now  # noqa: E402
from projects.models import Project  # noqa: E402
from promotions import queue  # noqa: E402
from promotions.models import Freight, Warehouse, WorkKind  # noqa: E402
from promotions.reconcilers.warehouses import LARGEST_TOLERANCE  # noqa: E402
from promotions.services.warehouses import refresh_warehouse  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from tests.fakes.git_http_server import GitHTTPServer, serving  # noqa: E402
from tests.fakes.git_origin import Origin  # noqa: E402
from tests.functional.chaos.clusters import Clusters  # noqa: E402
from tests.functional.workers.processes import wait_until  # noqa: E402

WAREHOUSES = 200
SECONDS = 40.0
PROJECT = """\
apiVersion: kargo.akuity.io/v1alpha1
kind: Project
metadata: {name: mono}
"""
WAREHOUSE = """\
---
apiVersion: kargo.akuity.io/v1alpha1
kind: Warehouse
metadata: {{name: w{number}, namespace: mono}}
spec:
  interval: 1h
  subscriptions:
    - git: {{repoURL: "{url}", branch: main, includePaths: ["apps/{folder}"]}}
"""


def run() -> dict[str, object]:
    """Return what was asked of the host in each phase."""
    origin = Origin.create(VAR_DIR / "origin.git", {f"apps/{it}/x": "1" for it in range(10)})
    with serving(VAR_DIR) as server:
        _apply(f"{server.url}/origin.git")
        clusters = Clusters(VAR_DIR)
        try:
            clusters.wait_until_up()
            found = {
                "first": _phase(server, origin.branch("main"), lambda: None),
                "polled": _phase(server, _commit(origin, 1), _let_time_pass),
                "refreshed": _phase(server, _commit(origin, 2), _refresh),
            }
        finally:
            codes = clusters.stop()
    return {"phases": found, "exit_codes": codes, "freight": Freight.objects.count()}


def _phase(server: GitHTTPServer, newest: str, begin: Callable[[], None]) -> dict[str, object]:
    """Return how long it took until all had seen ``newest``, and what the host was asked for."""
    began = time.monotonic()
    begin()
    is_done = wait_until(lambda: _seen(newest) == WAREHOUSES, seconds=SECONDS)
    counted: dict[str, object] = {
        "is_done": is_done,
        "seconds": round(time.monotonic() - began, 1),
        "fetches": server.fetches,
        "talks": server.requests["refs:git-upload-pack"],
    }
    server.fetches = 0
    server.requests.clear()
    return counted


def _commit(origin: Origin, number: int) -> str:
    return origin.commit({f"apps/{it}/x": f"v{number}" for it in range(10)}, f"Change {number}")


def _seen(newest: str) -> int:
    """Return how many Warehouses have discovered ``newest``."""
    rows = Warehouse.objects.values_list("discovered", flat=True)
    return sum(row["git"][0]["commits"][0]["id"] == newest for row in rows if row)


def _let_time_pass() -> None:
    time.sleep(LARGEST_TOLERANCE.total_seconds())
    Warehouse.objects.update(discovered_at=None)
    uids = list(Warehouse.objects.values_list("uid", flat=True))
    queue.wake_many(kind=WorkKind.WAREHOUSE, uids=uids, at=now())


def _refresh() -> None:
    actor, asked_at = operator_at_console("mirror"), now()
    for warehouse in Warehouse.objects.filter(project=Project.objects.get(name="mono")):
        refresh_warehouse(warehouse, actor=actor, now=asked_at)


def _apply(url: str) -> None:
    path = VAR_DIR / "manifests.yaml"
    documents = (
        WAREHOUSE.format(number=number, url=url, folder=number % 10) for number in range(WAREHOUSES)
    )
    path.write_text(PROJECT + "".join(documents))
    with (VAR_DIR / "apply.log").open("w") as log:
        call_command("apply", "-f", str(path), verbosity=0, stdout=log)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run()))

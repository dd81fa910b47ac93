"""Measures the server's time for long lists: 10,000 pieces of Freight, 5,000 Stages.

``python -m tests.benchmarks.rest_lists`` asks the whole stack in process (middleware, token,
access, query, JSON), on the configured database (``DATABASE_URL``, else a temporary SQLite). The
baseline is the least that a list could do without the platform: read the same rows' columns by
hand, and write them as JSON. In the busy rows a hundred objects change before every request.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

FREIGHT, STAGES, SAMPLES, CHANGED = 10_000, 5_000, 25, 100
LIMIT_MS = 200
_BATCH = 1000

if __name__ == "__main__":
    if "KARGO_VAR_DIR" not in os.environ:
        os.environ["KARGO_VAR_DIR"] = tempfile.mkdtemp(prefix="kargo-bench-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "kargo_platform.settings.main"
    os.environ.setdefault("KARGO_ALLOWED_HOSTS", "testserver")
    import django

    django.setup()

import orjson  # noqa: E402 -- needs the setup above
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from common.clock import now  # noqa: E402
from projects.models import Project  # noqa: E402
from promotions.manifests import rendered  # noqa: E402
from promotions.models import (  # noqa: E402
    Freight,
    FreightArtifact,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    Stage,
    StageFreight,
    Warehouse,
)
from rbac.actors import operator_at_console  # noqa: E402
from rbac.services import issue_token  # noqa: E402
from tests.factories.domain import (  # noqa: E402
    GIT_URL,
    IMAGE_URL,
    NOON,
    make_project,
    make_stage,
    make_warehouse,
)
from tests.factories.people import make_operator  # noqa: E402

_revisions = count(1)


def populate() -> Project:
    """Make a project with all of it; every Stage holds something that it was promoted."""
    project = make_project()
    warehouse = make_warehouse(project)
    template = make_stage(project, "template")
    freight = _freight(warehouse)
    stages = [
        Stage(
            project=project,
            name=f"stage-{index:05}",
            spec=template.spec,
            revision=next(_revisions),
            health={"status": "Healthy"},
        )
        for index in range(STAGES - 1)
    ]
    Stage.objects.bulk_create(stages, batch_size=_BATCH)
    _history(stages, freight)
    return project


def _freight(warehouse: Warehouse) -> list[Freight]:
    freight = [
        Freight(
            project=warehouse.project,
            warehouse=warehouse,
            name=f"{index:040x}",
            alias=f"quiet-otter-{index}",
            discovered_at=NOON + timedelta(seconds=index),
            revision=next(_revisions),
        )
        for index in range(FREIGHT)
    ]
    Freight.objects.bulk_create(freight, batch_size=_BATCH)
    kinds = FreightArtifact.Kind
    FreightArtifact.objects.bulk_create(
        (
            FreightArtifact(
                freight=item,
                kind=kind,
                position=0,
                repo_url=url,
                version=item.name,
                document={"repoURL": url, key: item.name},
            )
            for item in freight
            for kind, url, key in ((kinds.COMMIT, GIT_URL, "id"), (kinds.IMAGE, IMAGE_URL, "tag"))
        ),
        batch_size=_BATCH,
    )
    return freight


def _history(stages: list[Stage], freight: list[Freight]) -> None:
    steps = {"vars": [], "steps": [{"uses": "compose-output", "as": "out", "config": {"one": 1}}]}
    promotions = [
        Promotion(
            project=stage.project,
            stage=stage,
            freight=item,
            name=f"{stage.name}.{item.name}",
            spec=steps,
            phase="Succeeded",
            started_at=NOON,
            finished_at=NOON,
            freight_collection={"Warehouse/main": item.name},
            revision=next(_revisions),
        )
        for stage, item in zip(stages, freight, strict=False)
    ]
    Promotion.objects.bulk_create(promotions, batch_size=_BATCH)
    collections = [
        FreightCollection(
            stage=it.stage, collection_id=it.freight.name, promotion=it, recorded_at=NOON
        )
        for it in promotions
    ]
    FreightCollection.objects.bulk_create(collections, batch_size=_BATCH)
    FreightCollectionItem.objects.bulk_create(
        (
            FreightCollectionItem(collection=it, origin="Warehouse/main", freight=made.freight)
            for it, made in zip(collections, promotions, strict=True)
        ),
        batch_size=_BATCH,
    )
    StageFreight.objects.bulk_create(
        (
            StageFreight(stage=it.stage, freight=it.freight, current_since=NOON, verified_at=NOON)
            for it in promotions
        ),
        batch_size=_BATCH,
    )
    for promotion in promotions:
        promotion.stage.last_promotion = promotion
    Stage.objects.bulk_update(stages, ["last_promotion"], batch_size=500)


def baseline(model: type[Freight] | type[Stage]) -> bytes:
    """Read the rows' own columns, and write them."""
    rows = list(model.objects.order_by("pk").values())
    return orjson.dumps(rows, default=str)


def touch(model: type[Freight] | type[Stage]) -> None:
    """Give a hundred objects a new revision, as any change does."""
    for pk in model.objects.order_by("?").values_list("pk", flat=True)[:CHANGED]:
        model.objects.filter(pk=pk).update(revision=next(_revisions))


def timed(act: Callable[[], Any], *, before: Callable[[], None] | None = None) -> list[float]:
    """Return how many milliseconds each of the calls took, sorted.

    On SQLite, which works in this process, that is its processor time: what else the machine does
    must not count. Elsewhere it is what the clock says.
    """
    clock = time.process_time if connection.vendor == "sqlite" else time.perf_counter
    times = []
    for _ in range(SAMPLES):
        if before is not None:
            before()
        began = clock()
        act()
        times.append((clock() - began) * 1000)
    return sorted(times)


def report(name: str, times: list[float]) -> float:
    """Print a row of the table; return the 95th percentile."""
    p95 = times[min(len(times) - 1, int(0.95 * len(times)))]
    median = statistics.median(times)
    sys.stdout.write(f"{name:<24} n={len(times):<3} median {median:7.1f} ms  p95 {p95:7.1f} ms\n")
    return p95


def measure(client: Client, noun: str, model: type[Freight] | type[Stage]) -> float:
    """Measure one list; return the worse 95th percentile."""
    path = f"/v1beta1/projects/demo/{noun}"

    def ask() -> None:
        answer = client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} answered {answer.status_code}")

    began = time.perf_counter()
    ask()
    cold = (time.perf_counter() - began) * 1000
    by_hand = report(f"{noun}, by hand", timed(lambda: baseline(model)))
    quiet = report(f"{noun}, quiet", timed(ask))
    busy = report(f"{noun}, busy", timed(ask, before=lambda: touch(model)))
    sys.stdout.write(
        f"{noun:<24} first {cold:.0f} ms; p95 to that by hand: quiet {quiet / by_hand:.2f}, "
        f"busy {busy / by_hand:.2f}\n"
    )
    return max(quiet, busy)


def main() -> int:
    """Print the figures; return 1 if a list takes longer than it may."""
    call_command("migrate", verbosity=0)
    populate()
    person = make_operator("bench")
    actor = operator_at_console("bench")
    _, token = issue_token(
        person, name="bench", tenant_uid=None, expires_at=None, actor=actor, now=now()
    )
    client = Client(headers={"Authorization": f"Bearer {token}"})
    sys.stdout.write(f"database: {connection.vendor}; {FREIGHT} Freight, {STAGES} Stages\n")
    worst = max(measure(client, "freight", Freight), measure(client, "stages", Stage))
    kept = rendered.kept_bytes() // 2**20
    verdict = "met" if worst <= LIMIT_MS else "MISSED"
    sys.stdout.write(f"kept: {kept} MiB; aim: p95 within {LIMIT_MS} ms: {verdict}\n")
    return int(worst > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())

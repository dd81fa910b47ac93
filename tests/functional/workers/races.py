"""Lets a hundred requests at once go for what a quota leaves; prints what they got, as JSON.

``python -m tests.functional.workers.races projects`` runs one by hand: set ``KARGO_VAR_DIR`` to a
folder of its own, and ``DATABASE_URL`` unless SQLite in that folder will do; migrate first.
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BoundedSemaphore

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
django.setup()

from django.db import connection  # noqa: E402

from common.clock import now  # noqa: E402
from common.errors import PlatformError  # noqa: E402
from projects.models import Project, Tenant  # noqa: E402
from projects.services.projects import create_project  # noqa: E402
from projects.services.tenants import create_tenant  # noqa: E402
from promotions.manifests.documents import Document  # noqa: E402
from promotions.models import Freight, Stage  # noqa: E402
from promotions.selectors.slots import running_promotions  # noqa: E402
from promotions.services.apply import apply_documents  # noqa: E402
from promotions.services.promotions import create_promotion  # noqa: E402
from promotions.services.storage import measure_storage, storage_used  # noqa: E402
from promotions.services.tenants import update_tenant  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from tests.factories.domain import make_freight, make_stage, make_warehouse  # noqa: E402

REQUESTS = 100
CONNECTIONS = 80
"""PostgreSQL lets a hundred in, and the suite has some already."""
ROOM = 10
ROOT = operator_at_console("race")
Race = Callable[[], dict[str, object]]


def at_once(act: Callable[[int], None]) -> Counter[str]:
    """Do something a hundred times at once; count what came of it."""
    together, connections = Barrier(REQUESTS), BoundedSemaphore(CONNECTIONS)

    def go(index: int) -> str:
        together.wait()
        with connections:
            try:
                act(index)
            except PlatformError as error:
                return error.code
            finally:
                connection.close()
            return "done"

    with ThreadPoolExecutor(REQUESTS) as pool:
        return Counter(pool.map(go, range(REQUESTS)))


def projects() -> dict[str, object]:
    tenant = _tenant(max_projects=ROOM)
    came = at_once(lambda index: _create(tenant, index))
    return {"came": came, "there": Project.objects.filter(tenant=tenant).count()}


def stages() -> dict[str, object]:
    tenant = _tenant(max_stages=ROOM)
    create_project(tenant, "demo", actor=ROOT, now=now())
    came = at_once(lambda index: _apply(tenant, f"stage-{index}"))
    return {"came": came, "there": Stage.objects.count()}


def storage() -> dict[str, object]:
    tenant = _tenant()
    create_project(tenant, "demo", actor=ROOT, now=now())
    _apply(tenant, "stage-one")
    limit = storage_used(tenant) * (ROOM + 1)
    update_tenant(tenant, limits={"max_storage_bytes": limit}, actor=ROOT, now=now())
    came = at_once(lambda index: _apply(tenant, f"stage-{100 + index}"))
    is_exact = storage_used(tenant) == measure_storage(tenant)
    return {"came": came, "is_within": storage_used(tenant) <= limit, "is_exact": is_exact}


def promotions() -> dict[str, object]:
    tenant = _tenant(max_concurrent_promotions=ROOM)
    project = create_project(tenant, "demo", actor=ROOT, now=now())
    freight = make_freight(make_warehouse(project))
    for index in range(REQUESTS):
        make_stage(project, f"stage-{index}")
    came = at_once(lambda index: _promote(index, freight))
    return {"came": came, "running": running_promotions(tenant)}


def _tenant(**limits: int) -> Tenant:
    return create_tenant("acme", limits=dict(limits), actor=ROOT, now=now())


def _create(tenant: Tenant, index: int) -> None:
    create_project(tenant, f"project-{index}", actor=ROOT, now=now())


def _promote(index: int, freight: Freight) -> None:
    stage = Stage.objects.select_related("project__tenant").get(name=f"stage-{index}")
    create_promotion(stage, freight, actor=ROOT, now=now())


def _apply(tenant: Tenant, name: str) -> None:
    origin = {"kind": "Warehouse", "name": "main"}
    document = Document(
        {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "Stage",
            "metadata": {"name": name, "namespace": "demo"},
            "spec": {"requestedFreight": [{"origin": origin, "sources": {"direct": True}}]},
        }
    )
    report = apply_documents([document], tenant=tenant, actor=ROOT, now=now())
    for failed in report.failed:
        if failed.error is not None:
            raise failed.error


RACES: dict[str, Race] = {
    "projects": projects,
    "stages": stages,
    "storage": storage,
    "promotions": promotions,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(RACES[sys.argv[1]]()))

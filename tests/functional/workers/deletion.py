"""Deletes a tenant while its workers are killed again and again; prints what is left, as JSON.

``python -m tests.functional.workers.deletion`` runs it by hand: set ``KARGO_VAR_DIR`` to a folder
of its own, and ``DATABASE_URL`` unless SQLite in that folder will do; migrate first.
"""

import json
import os
import sys
import time
from pathlib import Path
from uuid import uuid4

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kargo_platform.settings.main")
os.environ["KARGO_LEASE_SECONDS"] = "1"
django.setup()


from common.clock import now  # noqa: E402
from projects.models import Change, Tenant  # noqa: E402
from projects.services.erasure import owned_models, owned_rows  # noqa: E402
from projects.services.tenants import create_tenant  # noqa: E402
from promotions.models import Work  # noqa: E402
from promotions.services.tenants import delete_tenant  # noqa: E402
from rbac.actors import operator_at_console  # noqa: E402
from rbac.audit import first_broken_link  # noqa: E402
from rbac.models import AuditEvent  # noqa: E402
from tests.factories.everything import make_everything  # noqa: E402
from tests.functional.workers import processes  # noqa: E402

ROOT = operator_at_console("tests")
CHANGES = 40_000


def counts(tenant: Tenant) -> dict[str, int]:
    return {
        model.__name__: owned_rows(model, tenant).count()
        for model in owned_models()
        if model is not Work  # the workers look at the neighbour's meanwhile
    }


def populate(name: str) -> Tenant:
    tenant = create_tenant(name, actor=ROOT, now=now())
    make_everything(tenant, marker=name)
    Work.objects.filter(tenant_uid=tenant.uid).delete()
    return tenant


def main() -> dict[str, object]:
    """Return how often the workers were killed, and what is left of both tenants."""
    acme, beta = populate("acme"), populate("beta")
    for _ in range(CHANGES // 5_000):
        Change.objects.bulk_create(
            Change(tenant_uid=acme.uid, kind="Stage", uid=uuid4(), name="x", type="ADDED")
            for _ in range(5_000)
        )
    before = counts(beta)
    gone = Tenant.objects.filter(pk=acme.pk)
    folder = Path(os.environ["KARGO_VAR_DIR"])
    orphan = folder / "work" / f"promotion-{uuid4()}"
    worker = processes.start_worker(workers=2, log=folder / "worker.log")
    kills = 0
    try:
        processes.wait_until(lambda: processes.is_complete(worker.pid), seconds=20)
        orphan.mkdir(parents=True, exist_ok=True)
        delete_tenant(acme, confirmation="acme", actor=ROOT, reason="left", now=now())
        ends = time.monotonic() + 60
        while gone.exists() and time.monotonic() < ends:
            time.sleep(0.3)
            busy = [it for it in processes.family(worker.pid) if it[0] == "busy worker"]
            if busy and kills < 6:
                kills += processes.kill(busy[0][1])
        is_gone = processes.wait_until(lambda: not gone.exists(), seconds=30)
        is_swept = processes.wait_until(lambda: not orphan.exists(), seconds=10)
    finally:
        worker.terminate()
        worker.wait(30)
    acts = AuditEvent.objects.filter(tenant_uid=acme.uid).order_by("sequence")
    return {
        "kills": kills,
        "is_gone": is_gone,
        "is_swept": is_swept,
        "left": sum(counts(acme).values()),
        "is_neighbour_whole": all(counts(beta)[name] >= it for name, it in before.items()),
        "last_acts": list(acts.values_list("action", flat=True))[-2:],
        "is_audit_whole": first_broken_link(acme.uid) is None,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()))

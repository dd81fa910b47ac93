"""One tenant's flood delays nobody: tenants take turns, and the length of a queue costs nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from projects.models import Tenant
from promotions import queue
from promotions.models import Work, WorkKind, work as work_module
from promotions.reconcilers.loop import Lease, claim, run_one
from tests.factories.domain import NOON
from tests.functional.workers.processes import ROOT

ACME, BETA, GAMMA = (UUID(int=number) for number in (1, 2, 3))


def make_due(tenant: UUID, count: int = 1, *, late: timedelta = timedelta(seconds=1)) -> None:
    Work.objects.bulk_create(
        Work(kind=WorkKind.STAGE, uid=uuid4(), tenant_uid=tenant, shard="default")
        for _ in range(count)
    )
    rows = Work.objects.filter(tenant_uid=tenant, due_at__isnull=True, claimed_at__isnull=True)
    rows.update(due_at=Now() - late)


def served(count: int) -> Iterator[UUID]:
    """Claim and release; yield whose turn it was."""

    for _ in range(count):
        lease = claim("default", owner="tests")
        if lease is None:
            return
        lease.release(None)
        yield lease.tenant_uid


@pytest.fixture(params=["glance", "tenant by tenant"])
def _both_ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Find the tenants that wait among few rows and, as in a flood, one by one."""
    if request.param != "glance":
        monkeypatch.setattr(work_module, "GLANCE", 1)


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_tenants_take_turns_however_long_their_queues_are() -> None:
    make_due(ACME, 40, late=timedelta(hours=1))
    make_due(BETA, 2)
    make_due(GAMMA, 1)

    first = list(served(6))

    assert sorted(map(str, first[:3])) == sorted(map(str, (ACME, BETA, GAMMA)))
    assert first.count(BETA) == 2
    assert first.count(GAMMA) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_of_one_tenant_whatever_waits_longest_comes_first() -> None:
    make_due(ACME, 3, late=timedelta(seconds=5))
    make_due(ACME, 1, late=timedelta(seconds=60))
    oldest = Work.objects.order_by("due_at").first()

    lease = claim("default", owner="tests")

    assert lease is not None
    assert oldest is not None
    assert lease.work_id == oldest.pk


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_what_is_not_due_of_another_shard_or_suspended_is_not_claimed() -> None:
    make_due(ACME, 3, late=timedelta(hours=-1))
    make_due(BETA, 3)
    Work.objects.filter(tenant_uid=BETA).update(shard="elsewhere")
    closed = Tenant.objects.create(name="closed", suspended_at=NOON)
    make_due(closed.uid, 3)

    assert Work.objects.waiting_since("default") == {}
    assert claim("default", owner="tests") is None
    assert queue.sweep("default", hands=4) == 0


@pytest.mark.django_db
@pytest.mark.usefixtures("_both_ways")
def test_what_a_dead_worker_left_is_found() -> None:
    make_due(ACME, 2)
    Work.objects.filter(tenant_uid=ACME).update(lease_until=Now() - timedelta(seconds=1))

    lease = claim("default", owner="tests")

    assert lease is not None
    assert lease.failures == 1


@pytest.mark.django_db
def test_a_longer_queue_takes_no_more_queries() -> None:
    make_due(BETA, 3)
    counts = []

    for size in (0, 700):
        make_due(ACME, size)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            claim("default", owner="tests")
        counts.append(len(queries))

    assert counts[1] <= counts[0] + 3  # tenant by tenant, and whose turn it is


@pytest.mark.django_db
def test_the_first_of_each_tenant_is_read_from_an_index_alone() -> None:
    make_due(ACME, 500)
    make_due(BETA, 5)
    statement = work_module._FIRST_OF_EACH_TENANT.format(soon=work_module._SOON[connection.vendor])
    explain = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # few rows would be read one after the other
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE promotions_work")  # not as other tests left it
        cursor.execute(explain + statement, {"shard": "default"})
        plan = "\n".join(str(row) for row in cursor.fetchall())

    assert plan.count("work_tenant_due") >= 3
    assert "SCAN promotions_work" not in plan
    assert "Seq Scan on promotions_work" not in plan


@pytest.mark.django_db
def test_a_tenant_whose_passes_fail_keeps_its_turn_and_no_more() -> None:
    make_due(ACME, 3)
    make_due(BETA, 3)
    turns: list[UUID] = []

    def fail(uid: UUID, *, lease: Lease, now: object) -> timedelta | None:
        del uid, now
        turns.append(lease.tenant_uid)
        raise RuntimeError("boom")

    for _ in range(6):
        run_one("default", {WorkKind.STAGE: fail}, owner="tests")

    assert turns in ([ACME, BETA] * 3, [BETA, ACME] * 3)


@pytest.mark.slow
def test_a_flood_does_not_keep_real_workers_from_a_neighbour(
    tmp_path: Path, database_url: str
) -> None:
    environment = os.environ | {
        "KARGO_VAR_DIR": str(tmp_path),
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
    }
    command = [sys.executable, "-m", "tests.functional.workers.fairness"]

    done = subprocess.run(  # noqa: S603 -- our own command
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["answered"] == 8
    assert found["left"] > 50
    assert found["longest_seconds"] < 3

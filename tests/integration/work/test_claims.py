"""Who gets what, and when."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from common.clock import now
from promotions.models import Work, WorkKind
from promotions.reconcilers.loop import Lease, claim
from tests.integration.work.conftest import SHARD, MakeWork

Expire = Callable[[Work], None]


def claimed(owner: str = "worker") -> Lease:
    lease = claim(SHARD, owner=owner)
    assert lease is not None
    return lease


def test_due_work_is_claimed_with_a_higher_fence_and_is_no_longer_due(make_work: MakeWork) -> None:
    work = make_work()

    lease = claimed()

    row = Work.objects.get(pk=work.pk)
    assert (lease.uid, lease.fence) == (work.uid, 1)
    assert (row.fence, row.due_at, row.lease_owner) == (1, None, "worker")
    assert row.lease_until is not None
    assert row.lease_until > now()


@pytest.mark.parametrize("due_in", [None, 60.0])
def test_work_that_is_not_due_is_left_alone(make_work: MakeWork, due_in: float | None) -> None:
    make_work(due_in=due_in)

    assert claim(SHARD, owner="worker") is None


def test_work_asked_for_now_is_claimed_although_clocks_differ_a_little(
    make_work: MakeWork,
) -> None:
    make_work(due_in=0.05)

    assert claim(SHARD, owner="worker") is not None


def test_work_of_another_shard_is_left_alone(make_work: MakeWork) -> None:
    make_work(shard="far-away")

    assert claim(SHARD, owner="worker") is None


def test_leased_work_is_not_claimed_again_although_it_was_asked_for(make_work: MakeWork) -> None:
    work = make_work()
    claimed()
    Work.objects.filter(pk=work.pk).update(due_at=Now())

    assert claim(SHARD, owner="other") is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_cannot_both_claim(make_work: MakeWork) -> None:
    for _ in range(10):
        make_work(tenant=UUID(int=1))
    start = threading.Barrier(4)

    def take(owner: str) -> list[UUID]:
        start.wait()
        try:
            return [lease.uid for _ in range(5) if (lease := claim(SHARD, owner=owner))]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        taken = [uid for uids in pool.map(take, "abcd") for uid in uids]

    assert len(taken) == len(set(taken))
    assert len(taken) == 10 or connection.vendor == "postgresql"  # where a claim may skip a row
    assert set(Work.objects.values_list("fence", flat=True)) <= {0, 1}


def test_a_dead_workers_lease_is_taken_over_once_it_ran_out(
    make_work: MakeWork, expire: Expire
) -> None:
    work = make_work()
    dead = claimed("dead")
    assert claim(SHARD, owner="heir") is None
    expire(work)

    heir = claimed("heir")

    assert heir.fence == dead.fence + 1
    assert heir.failures == 1


def test_work_that_keeps_killing_its_workers_waits_longer_each_time(
    make_work: MakeWork, expire: Expire
) -> None:
    work = make_work()
    for _ in range(2):
        claimed("doomed")
        expire(work)

    assert claim(SHARD, owner="next") is None

    row = Work.objects.get(pk=work.pk)
    assert row.failures == 2
    assert row.lease_until is None
    assert row.due_at is not None
    assert now() < row.due_at < now() + timedelta(seconds=2)
    assert "died" in row.last_error


def test_tenants_take_turns(make_work: MakeWork) -> None:
    flood, small = uuid4(), uuid4()
    for _ in range(4):
        make_work(tenant=flood, due_in=-60)
    for _ in range(2):
        make_work(tenant=small, due_in=-1)

    order = []
    for _ in range(6):
        lease = claimed()
        order.append(lease.tenant_uid)
        lease.release(None)

    assert order == [flood, small, flood, small, flood, flood]


def test_a_tenant_with_fewer_passes_running_goes_first(make_work: MakeWork) -> None:
    busy, idle = uuid4(), uuid4()
    make_work(tenant=idle)
    claimed().release(None)  # so that the idle one was served last but one
    make_work(tenant=busy)
    claimed()
    make_work(tenant=busy, due_in=-60)
    work = make_work(tenant=idle, due_in=-1)

    assert claimed().uid == work.uid


def test_five_thousand_due_rows_of_one_tenant_do_not_delay_another(make_work: MakeWork) -> None:
    flood = uuid4()
    long_ago = now() - timedelta(hours=1)
    Work.objects.bulk_create(
        Work(kind=WorkKind.STAGE, uid=uuid4(), tenant_uid=flood, shard=SHARD, due_at=long_ago)
        for _ in range(5_000)
    )
    claimed().release(None)
    urgent = make_work(due_in=0)

    assert claimed().uid == urgent.uid


def test_a_tenants_passes_are_bounded(make_work: MakeWork, settings: Settings) -> None:
    settings.MAX_CONCURRENT_PER_TENANT = 2
    tenant = uuid4()
    for _ in range(3):
        make_work(tenant=tenant)
    other = make_work()

    first, *rest = [claimed() for _ in range(3)]

    assert other.uid in {lease.uid for lease in [first, *rest]}
    assert claim(SHARD, owner="worker") is None
    next(it for it in [first, *rest] if it.tenant_uid == tenant).release(None)
    assert claimed().tenant_uid == tenant

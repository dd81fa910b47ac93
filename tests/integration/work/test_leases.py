"""What a lease allows, and what its loss forbids."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event
from uuid import UUID

import pytest
from django.db import connection, transaction

from common.clock import now
from promotions import queue
from promotions.models import Work, WorkerBeat, WorkKind
from promotions.reconcilers.loop import Lease, LeaseLostError, claim
from tests.integration.work.conftest import SHARD, MakeWork

Expire = Callable[[Work], None]


def claimed(owner: str = "worker") -> Lease:
    lease = claim(SHARD, owner=owner)
    assert lease is not None
    return lease


@pytest.fixture
def stolen(make_work: MakeWork, expire: Expire) -> Lease:
    """A lease that somebody else has taken over."""
    work = make_work()
    lease = claimed("slow")
    expire(work)
    claimed("heir")
    return lease


def test_a_lost_lease_writes_nothing(stolen: Lease) -> None:
    with pytest.raises(LeaseLostError), stolen.transaction():
        WorkerBeat.objects.create(worker="zombie", shard=SHARD)

    assert not WorkerBeat.objects.exists()
    assert stolen.lost.is_set()


@pytest.mark.parametrize(
    "act",
    [
        lambda lease: lease.renew(),
        lambda lease: lease.release(timedelta(seconds=1)),
        lambda lease: lease.fail("too late"),
    ],
    ids=["renew", "release", "fail"],
)
def test_a_lost_lease_leaves_the_heirs_row_alone(
    stolen: Lease, act: Callable[[Lease], None]
) -> None:
    before = Work.objects.values().get()

    with pytest.raises(LeaseLostError):
        act(stolen)

    assert Work.objects.values().get() == before


def test_what_a_held_lease_writes_is_kept_together_or_not_at_all(make_work: MakeWork) -> None:
    make_work()
    lease = claimed()

    with pytest.raises(ZeroDivisionError):
        _write_and_fail(lease)
    with lease.transaction():
        WorkerBeat.objects.create(worker="whole", shard=SHARD)

    assert [beat.worker for beat in WorkerBeat.objects.all()] == ["whole"]


def _write_and_fail(lease: Lease) -> None:
    with lease.transaction():
        WorkerBeat.objects.create(worker="half", shard=SHARD)
        raise ZeroDivisionError


def test_renewing_prolongs_a_lease_that_ran_out_but_was_not_taken(
    make_work: MakeWork, expire: Expire
) -> None:
    work = make_work()
    lease = claimed()
    expire(work)

    lease.renew()

    assert claim(SHARD, owner="heir") is None


def test_releasing_schedules_the_next_pass(make_work: MakeWork) -> None:
    work = make_work()

    claimed().release(timedelta(minutes=5))

    row = Work.objects.get(pk=work.pk)
    assert row.due_at is not None
    assert timedelta(minutes=4) < row.due_at - now() < timedelta(minutes=6)
    assert (row.lease_owner, row.lease_until) == ("", None)


def test_releasing_without_a_delay_schedules_nothing(make_work: MakeWork) -> None:
    work = make_work()

    claimed().release(None)

    assert Work.objects.get(pk=work.pk).due_at is None


@pytest.mark.parametrize("delay", [None, timedelta(hours=1)])
def test_a_wake_during_a_pass_is_not_lost(make_work: MakeWork, delay: timedelta | None) -> None:
    work = make_work()
    lease = claimed()

    queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=now())
    lease.release(delay)

    assert claimed().fence == lease.fence + 1


def test_a_revoked_lease_is_lost_and_the_object_due(make_work: MakeWork) -> None:
    work = make_work()
    lease = claimed()

    queue.revoke(kind=WorkKind.WAREHOUSE, uid=work.uid, at=now())

    with pytest.raises(LeaseLostError):
        lease.renew()
    assert claimed("heir").uid == work.uid


def test_closing_the_work_ends_its_lease(make_work: MakeWork) -> None:
    work = make_work()
    lease = claimed()

    queue.close_work(kind=WorkKind.WAREHOUSE, uid=work.uid)

    with pytest.raises(LeaseLostError), lease.transaction():
        pass


@pytest.mark.django_db(transaction=True)
def test_passes_that_wake_each_others_objects_do_not_deadlock(make_work: MakeWork) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writing transactions come one after the other")
    works = {make_work().uid for _ in range(2)}
    leases = {lease.uid: lease for lease in (claimed("a"), claimed("b"))}
    held = {uid: Event() for uid in works}

    def wake_the_other(uid: UUID, other: UUID) -> bool:
        try:
            with leases[uid].transaction():
                held[uid].set()
                held[other].wait(5)
                queue.wake(kind=WorkKind.WAREHOUSE, uid=other, at=now())
            return True
        finally:
            connection.close()

    first, second = works
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(wake_the_other, [first, second], [second, first]))

    assert done == [True, True]
    assert not Work.objects.filter(due_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_work_that_is_being_woken_is_claimed_only_after_the_commit(make_work: MakeWork) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writing transactions come one after the other")
    work = make_work()

    def claim_meanwhile() -> Lease | None:
        try:
            return claim(SHARD, owner="eager")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=now())
        meanwhile = pool.submit(claim_meanwhile).result()

    assert meanwhile is None
    assert claimed().uid == work.uid

"""How work is asked for."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils.module_loading import import_string
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from pytest_django.fixtures import Settings

from common.clock import now
from promotions import queue, tasks
from promotions.models import Work, WorkKind
from tests.integration.work.conftest import SHARD, MakeWork


def rings(shard: str = SHARD) -> int:
    count: int = OrmQ.objects.filter(key=shard).count()
    return count


def test_the_task_that_is_named_exists() -> None:
    assert import_string(queue.WORK_THROUGH) is tasks.work_through


def test_a_ring_goes_to_the_shards_cluster_and_carries_its_name(db: None) -> None:
    queue.ring("far-away")

    ring = OrmQ.objects.get()
    package = SignedPackage.loads(ring.payload)
    assert ring.key == "far-away"
    assert (package["func"], package["kwargs"]) == (queue.WORK_THROUGH, {"shard": "far-away"})


def test_ringing_a_shard_without_workers_does_not_fill_the_queue(db: None) -> None:
    for _ in range(3 * queue.ENOUGH_RINGS):
        queue.ring(SHARD)

    assert rings() == queue.ENOUGH_RINGS


def test_new_work_is_due_and_rung_for(db: None) -> None:
    uid = uuid4()

    queue.open_work(kind=WorkKind.STAGE, uid=uid, tenant_uid=uuid4(), shard="", due_at=now())

    assert Work.objects.get(uid=uid).due_at is not None
    assert rings() == 1


def test_opening_work_twice_keeps_one_row(db: None) -> None:
    uid = uuid4()
    for _ in range(2):
        queue.open_work(kind=WorkKind.STAGE, uid=uid, tenant_uid=uuid4(), shard="a", due_at=None)

    assert Work.objects.get(uid=uid).due_at is None


def test_waking_keeps_the_sooner_time(make_work: MakeWork) -> None:
    work = make_work(due_in=60)
    soon, later = now() + timedelta(seconds=1), now() + timedelta(hours=1)

    queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=later)
    queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=soon)
    queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=later)

    assert Work.objects.get(pk=work.pk).due_at == soon


def test_waking_what_is_unknown_does_nothing(db: None) -> None:
    queue.wake(kind=WorkKind.STAGE, uid=uuid4(), at=now())

    assert rings() == 0


def test_a_wake_that_is_rolled_back_leaves_nothing(make_work: MakeWork) -> None:
    work = make_work(due_in=None)

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _wake_and_fail(work)

    assert Work.objects.get(pk=work.pk).due_at is None
    assert rings() == 0


def _wake_and_fail(work: Work) -> None:
    queue.wake(kind=WorkKind.WAREHOUSE, uid=work.uid, at=now())
    raise ZeroDivisionError


def test_waking_many_rings_once_for_each_worker_of_their_shards(
    make_work: MakeWork, settings: Settings
) -> None:
    settings.WORKERS = 2
    uids = [make_work(due_in=None).uid for _ in range(5)]
    uids.append(make_work(due_in=None, shard="far-away").uid)

    queue.wake_many(kind=WorkKind.WAREHOUSE, uids=uids, at=now())

    assert not Work.objects.filter(due_at=None).exists()
    assert (rings(), rings("far-away")) == (2, 1)


def test_the_sweep_rings_for_what_is_due_and_only_tops_up(make_work: MakeWork) -> None:
    for _ in range(3):
        make_work()
    make_work(due_in=60)

    assert queue.sweep(SHARD, hands=2) == 2
    assert queue.sweep(SHARD, hands=2) == 0
    assert queue.sweep(SHARD, hands=4) == 1


def test_waking_nobody_is_nothing(db: None) -> None:
    queue.wake_many(kind=WorkKind.STAGE, uids=[], at=now())

    assert not OrmQ.objects.exists()

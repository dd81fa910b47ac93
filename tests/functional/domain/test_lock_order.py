"""Deleting what is at work: passes and people wait for each other, and never in a circle."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from threading import Event as Signal

import pytest
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from common.clock import now as read_clock
from promotions.models import Promotion, PromotionRequest, Stage, Work, WorkKind
from promotions.reconcilers.loop import Lease, claim
from promotions.services.promotion_requests import (
    abort_promotion_request,
    delete_held_request,
    delete_promotion_request,
)
from promotions.services.stages import delete_stage
from tests.functional.domain.conftest import build
from tests.functional.domain.fleets import again, begin, fleet, fleet_stage, request_for
from tests.functional.domain.world import LONG_AGO, SHARD, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PATIENCE = 20
"""Seconds after which a test gives up; none of them waits that long."""


class PausedLease(Lease):
    """A lease whose transactions stop, once the work is held, until they are let go on."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with Lease.transaction(self):
            HELD.set()
            assert GO_ON.wait(PATIENCE)
            yield


HELD, GO_ON = Signal(), Signal()


@pytest.fixture
def world(transactional_db: None, operator: Settings) -> World:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's writing transactions come one after the other")
    for signal in (HELD, GO_ON):
        signal.clear()
    world = build(operator)
    world.warehouse()
    return world


def lease_on(kind: WorkKind, row: Promotion | PromotionRequest | Stage) -> PausedLease:
    Work.objects.exclude(uid=row.uid).update(due_at=None)
    Work.objects.filter(kind=kind, uid=row.uid).update(due_at=read_clock() - LONG_AGO)
    lease = claim(SHARD, owner="test")
    assert lease is not None
    assert lease.uid == row.uid
    return PausedLease(**{it.name: getattr(lease, it.name) for it in fields(lease)})


def closing(act: Callable[[], object]) -> object:
    try:
        return act()
    finally:
        connection.close()


def is_blocked() -> bool:
    """Return whether somebody waits for a lock of somebody else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def meet(world: World, lease: PausedLease, act: Callable[[], object]) -> None:
    """Begin ``act`` while a pass holds its work, and let the pass go on once ``act`` waits."""
    reconcile = world.reconcilers[lease.kind]
    with ThreadPoolExecutor(2) as pool:
        passing = pool.submit(closing, lambda: reconcile(lease.uid, lease=lease, now=read_clock()))
        assert HELD.wait(PATIENCE)
        acting = pool.submit(closing, act)
        until_blocked_or_done(acting)
        GO_ON.set()
        acting.result(PATIENCE)
        # The pass may find that its lease is lost, or that what it is about moved.
        assert not isinstance(passing.exception(PATIENCE), OperationalError)


def while_storing(lease: Lease, act: Callable[[], None]) -> None:
    """Do something while a pass has a transaction open."""
    with ThreadPoolExecutor(1) as pool, Lease.transaction(lease):
        pool.submit(closing, transaction.atomic(act)).result(PATIENCE)


def until_blocked_or_done(acting: Future[object]) -> None:
    while not acting.done() and not is_blocked():
        Signal().wait(0.01)


def begun_with_two_of_three(world: World) -> PromotionRequest:
    fleet(world, 3)
    request = request_for(world, fleet_stage(world, rollout="maxParallel: 2"))
    begin(world)
    return again(request)


@pytest.mark.parametrize("act", [delete_promotion_request, abort_promotion_request])
def test_a_request_that_begins_a_promotion_and_who_ends_it_do_not_deadlock(
    world: World, act: Callable[..., None]
) -> None:
    request = begun_with_two_of_three(world)
    world.reconcile(Promotion.objects.get(request=request, target_name="t00"))
    reason = {} if act is delete_promotion_request else {"reason": ""}

    meet(
        world,
        lease_on(WorkKind.PROMOTION_REQUEST, request),
        lambda: act(request, actor=world.alice, now=read_clock(), **reason),
    )
    begun = Promotion.everything.filter(request=request).count()
    world.settle(passes=200)

    found = PromotionRequest.everything.get(pk=request.pk)
    assert begun == 3
    assert found.aborted_by == world.alice.name
    assert not Promotion.objects.filter(request=request, finished_at=None).exists()
    is_deleted = found.deleted_at is not None
    assert is_deleted is not Promotion.objects.filter(request=request).exists()


def test_a_promotion_that_ends_while_its_request_is_deleted_is_deleted_too(world: World) -> None:
    fleet(world, 3)
    request = request_for(world, fleet_stage(world))
    begin(world)
    last = Promotion.objects.filter(request=request).order_by("pk").last()
    assert last is not None

    meet(
        world,
        lease_on(WorkKind.PROMOTION, last),
        lambda: delete_promotion_request(again(request), actor=world.alice, now=read_clock()),
    )
    world.settle(passes=200)

    assert not Promotion.objects.filter(request=request).exists()


def test_a_promotion_that_begins_meanwhile_is_not_waited_for_and_ends_itself(world: World) -> None:
    request = begun_with_two_of_three(world)
    busy = Promotion.objects.get(request=request, target_name="t00")
    lease = lease_on(WorkKind.PROMOTION, busy)

    def delete() -> None:
        delete_held_request(again(request), actor=world.alice, now=read_clock())

    while_storing(lease, delete)
    left = list(Promotion.objects.filter(request=request))
    lease.release(None)
    world.hasten(busy)

    assert left == [busy]
    assert Promotion.everything.get(pk=busy.pk).phase == "Aborted"
    assert not Promotion.objects.filter(request=request).exists()


def test_a_stage_that_promotes_by_itself_can_be_deleted_meanwhile(world: World) -> None:
    world.automate()
    stage = world.stage()
    world.freight("a")
    world.settle()
    world.freight("b")

    meet(world, lease_on(WorkKind.STAGE, stage), lambda: delete(world, stage))
    world.settle(passes=200)

    assert not Stage.objects.filter(pk=stage.pk).exists()
    assert not Promotion.objects.filter(stage=stage).exists()


def test_a_stage_can_be_deleted_while_its_promotion_begins(world: World) -> None:
    stage = world.stage()
    world.promote(stage, world.freight("a"))
    world.settle()
    second = world.promote(stage, world.freight("b"))

    meet(world, lease_on(WorkKind.PROMOTION, second), lambda: delete(world, stage))
    world.settle(passes=200)

    assert not Stage.objects.filter(pk=stage.pk).exists()
    assert not Promotion.objects.filter(stage=stage).exists()


def delete(world: World, stage: Stage) -> None:
    found = Stage.objects.select_related("project__tenant").get(pk=stage.pk)
    delete_stage(found, actor=world.alice, now=read_clock())

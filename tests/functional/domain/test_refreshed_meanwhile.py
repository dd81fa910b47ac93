"""Somebody asks for a fresh look while one is on its way, and waits for it with ``--wait``."""

from dataclasses import replace
from datetime import timedelta
from typing import NoReturn

import pytest

from common.clock import now as read_clock
from common.errors import UpstreamError
from promotions.engine.health import HealthQuestion
from promotions.engine.phases import PromotionPhase
from promotions.models import Stage, Warehouse, WorkKind
from promotions.reconcilers.stages import StageReconciler
from promotions.reconcilers.warehouses import WarehouseReconciler
from promotions.services.stages import refresh_stage
from promotions.services.warehouses import refresh_warehouse
from tests.factories.domain import hold_freight, make_promotion
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db
AWAY = UpstreamError("It does not answer.", retryable=True)


class _Interrupted:
    """Credentials that cannot be had, the first time because somebody refreshes meanwhile."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.warehouse: Warehouse | None = None

    def find(self, **_: object) -> NoReturn:
        if self.warehouse is not None:
            refresh_warehouse(self.warehouse, actor=self.world.alice, now=read_clock())
            self.warehouse = None
        raise AWAY


def _waits(world: World, watched: Stage | Warehouse) -> timedelta:
    waits = world.due_in(watched)
    assert waits is not None
    return waits


def test_a_warehouse_that_fails_looks_again_at_once_for_whoever_asked_meanwhile(
    world: World,
) -> None:
    credentials = _Interrupted(world)
    reconciler = world.reconcilers[WorkKind.WAREHOUSE]
    assert isinstance(reconciler, WarehouseReconciler)
    world.reconcilers[WorkKind.WAREHOUSE] = replace(reconciler, credentials=credentials)
    warehouse = world.watch({"git": {"repoURL": "https://git.example.com/app.git"}})
    for _ in range(6):
        world.hasten(warehouse)
    put_off = _waits(world, warehouse)

    credentials.warehouse = warehouse
    refresh_warehouse(warehouse, actor=world.alice, now=read_clock())
    passes = world.settle()

    warehouse.refresh_from_db()
    assert put_off > timedelta(seconds=20)
    assert passes == 2
    assert warehouse.handled_refresh == warehouse.refresh_token


def test_a_stage_that_fails_looks_again_at_once_for_whoever_asked_meanwhile(world: World) -> None:
    world.warehouse()
    stage, freight = world.stage("test"), world.freight()
    promotion = make_promotion(
        stage,
        freight,
        phase=PromotionPhase.SUCCEEDED,
        health_checks=[{"uses": "interrupted", "config": {}}],
    )
    hold_freight(stage, freight, promotion=promotion)
    Stage.objects.filter(pk=stage.pk).update(last_promotion=promotion)
    interruptions = [stage]

    def check(_: HealthQuestion) -> NoReturn:
        if interruptions:
            refresh_stage(interruptions.pop(), actor=world.alice, now=read_clock())
        raise AWAY

    world.reconcilers[WorkKind.STAGE] = StageReconciler(checkers={"interrupted": check})
    passes = world.settle()

    stage.refresh_from_db()
    assert passes == 2
    assert stage.handled_refresh == stage.refresh_token
    assert _waits(world, stage) > timedelta(0)

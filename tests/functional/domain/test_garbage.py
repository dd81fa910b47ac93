"""Old promotions and Freight go where a project asks for it, and nowhere else."""

from datetime import timedelta

from common.clock import now as read_clock
from promotions.models import Freight, Promotion, Stage
from promotions.reconcilers.garbage import collect_garbage
from promotions.selectors.freight import names_of_holders
from rbac.models import AuditEvent
from tests.functional.domain.world import World, short

LATER = timedelta(days=30)


def retain(world: World, **limits: dict[str, int | str]) -> None:
    """Apply a retention policy."""
    world.apply("ProjectConfig", world.project.name, spec={"retention": {**limits}})


def promoted(world: World, stage: Stage, count: int) -> None:
    """Promote so many pieces of Freight, one after the other."""
    for number in range(count):
        world.promote(stage, world.freight("abcdef"[number]))
        world.settle()


def test_everything_is_kept_by_default(world: World) -> None:
    world.warehouse()
    promoted(world, world.stage(), 3)
    world.apply("ProjectConfig", world.project.name, spec={"promotionPolicies": []})

    assert collect_garbage(now=read_clock() + LATER) == 0


def test_old_promotions_go_and_leave_their_history(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    promoted(world, stage, 4)
    retain(world, promotions={"maxRetained": 2, "minAge": "24h"})

    young = collect_garbage(now=read_clock())
    deleted = collect_garbage(now=read_clock() + LATER)
    again = collect_garbage(now=read_clock() + LATER)

    assert (young, deleted, again) == (0, 2, 0)
    assert world.phases(stage) == [("c", "Succeeded"), ("d", "Succeeded")]
    assert Promotion.everything.filter(stage=stage).count() == 4
    assert Freight.objects.count() == 4
    assert world.held(stage) == {"main": "d"}
    acts = AuditEvent.objects.filter(action="promotion.delete")
    assert {it.actor for it in acts} == {"controller:garbage-collector"}


def test_freight_that_a_stage_holds_or_awaits_stays_with_what_is_newer(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = [world.freight(it) for it in "abcde"]
    world.promote(stage, freight[1])
    world.settle()
    retain(world, freight={"maxRetained": 0, "minAge": "0s"})

    deleted = collect_garbage(now=read_clock() + LATER)

    assert deleted == 1
    assert sorted(short(it) for it in Freight.objects.all()) == ["b", "c", "d", "e"]
    assert names_of_holders(freight[1]) == ["test"]
    assert names_of_holders(freight[2]) == []


def test_a_run_deletes_no_more_than_it_may(world: World) -> None:
    world.warehouse()
    for it in "abcde":
        world.freight(it)
    retain(world, freight={"maxRetained": 1, "minAge": "0s"})

    assert collect_garbage(now=read_clock() + LATER, limit=3) == 3
    assert collect_garbage(now=read_clock() + LATER, limit=3) == 1


def test_a_deleted_hold_promotion_keeps_its_hold(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    old, _ = world.freight("a"), world.freight("b")
    world.automate()
    world.promote(stage, old)
    world.settle()
    world.apply(
        "ProjectConfig",
        world.project.name,
        spec={
            "promotionPolicies": [
                {"stageSelector": {"name": "glob:*"}, "autoPromotionEnabled": True}
            ],
            "retention": {"promotions": {"maxRetained": 0, "minAge": "0s"}},
        },
    )

    collect_garbage(now=read_clock() + LATER)
    world.hasten(stage)

    assert world.promotions(stage) == []
    assert world.held(stage) == {"main": "a"}

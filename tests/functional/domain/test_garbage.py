"""Old promotions and Freight go where a project asks for it, and nowhere else."""

from datetime import timedelta

from common.clock import now as read_clock
from common.jsontypes import JSONValue
from promotions.models import Freight, Promotion, PromotionRequest, Stage
from promotions.reconcilers.garbage import collect_garbage
from promotions.selectors.freight import names_of_holders
from rbac.models import AuditEvent
from tests.functional.domain.fleets import fleet, fleet_stage, request_for
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


def test_freight_that_a_stage_would_go_back_to_stays(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    good, bad = world.freight("a"), world.freight("b")
    world.promote(stage, bad)
    world.settle()
    Stage.objects.filter(pk=stage.pk).update(
        metadata={"stableFreight": {"Warehouse/main": good.name}}
    )
    everything: JSONValue = {"stageSelector": {"name": "glob:*"}, "autoRollback": {}}
    retention: JSONValue = {"freight": {"maxRetained": 0, "minAge": "0s"}}
    policies: dict[str, JSONValue] = {"retention": retention, "promotionPolicies": [everything]}
    world.apply("ProjectConfig", world.project.name, spec=policies)

    with_policy = collect_garbage(now=read_clock() + LATER)
    world.apply("ProjectConfig", world.project.name, spec={"retention": retention})
    without_policy = collect_garbage(now=read_clock() + LATER)

    assert (with_policy, without_policy) == (0, 1)


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


def asked(world: World, *, requests: int) -> list[PromotionRequest]:
    """Promote so many pieces of Freight to two targets each, one after the other."""
    fleet(world, 2)
    stage = fleet_stage(world)
    made = []
    for number in range(requests):
        made.append(request_for(world, stage, world.freight("abcdef"[number])))
        world.settle(passes=200)
    return made


def test_what_a_request_made_stays_and_goes_with_it(world: World) -> None:
    world.warehouse()
    oldest, *kept = asked(world, requests=3)
    least: dict[str, int | str] = {"maxRetained": 1, "minAge": "0s"}

    retain(world, promotions=least)
    by_promotions = collect_garbage(now=read_clock() + LATER)
    retain(world, promotionRequests={"maxRetained": 2, "minAge": "24h"})
    young = collect_garbage(now=read_clock())
    by_requests = collect_garbage(now=read_clock() + LATER)

    assert (by_promotions, young, by_requests) == (0, 0, 1)
    assert list(PromotionRequest.objects.order_by("pk")) == kept
    assert not Promotion.objects.filter(request=oldest).exists()
    assert Promotion.everything.filter(request=oldest).count() == 2
    assert Promotion.objects.filter(request__in=kept).count() == 4
    acts = AuditEvent.objects.filter(action="promotion_request.delete")
    assert [it.actor for it in acts] == ["controller:garbage-collector"]


def test_a_request_under_way_and_its_freight_stay_with_what_is_newer(world: World) -> None:
    world.warehouse()
    fleet(world, 1)
    stage = fleet_stage(world)
    freight = [world.freight(it) for it in "abc"]
    request_for(world, stage, freight[1])
    retain(
        world,
        promotionRequests={"maxRetained": 0, "minAge": "0s"},
        freight={"maxRetained": 0, "minAge": "0s"},
    )

    collect_garbage(now=read_clock() + LATER)

    assert PromotionRequest.objects.count() == 1
    assert sorted(short(it) for it in Freight.objects.all()) == ["b", "c"]


def test_a_policy_counts_as_kargo_does_if_it_says_no_more(world: World) -> None:
    world.warehouse()
    for number in range(22):
        world.freight(f"c{number}")
    retain(world, freight={})

    fortnight = timedelta(hours=336)

    assert collect_garbage(now=read_clock() + fortnight - timedelta(minutes=5)) == 0
    assert collect_garbage(now=read_clock() + fortnight) == 2


def test_every_warehouse_is_collected_and_what_is_held_stays(world: World) -> None:
    world.warehouse("main")
    world.warehouse("other")
    stage = world.stage()
    for it in "abc":
        world.promote(stage, world.freight(it))
        world.settle()
    world.freight("d", warehouse="other")
    retain(world, freight={"maxRetained": 0, "minAge": "0s"})

    assert collect_garbage(now=read_clock() + LATER) == 3
    assert world.held(stage) == {"main": "c"}

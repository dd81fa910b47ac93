"""Which Freight a Stage may have: direct, verified upstream, soaked, approved."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from common.clock import now as read_clock
from common.errors import InvalidError
from promotions.models import Stage, StageFreight
from promotions.selectors.availability import available_to, candidates_of
from promotions.services.freight import approve_freight
from tests.functional.domain.world import World, condition, short


def offered(world: World, stage: Stage) -> list[str]:
    """Return the commits that a Stage may be given now."""
    return [short(it) for it in available_to(Stage.objects.get(pk=stage.pk), now=read_clock())]


def test_freight_is_available_directly_from_its_warehouse_and_no_other(world: World) -> None:
    world.warehouse("main")
    world.warehouse("other")
    stage = world.stage()
    world.freight("a")
    stranger = world.freight("b", warehouse="other")

    with pytest.raises(InvalidError, match="does not request Freight of this origin"):
        world.promote(stage, stranger)

    assert offered(world, stage) == ["a"]


def test_freight_reaches_the_next_stage_once_it_is_verified(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"]})
    freight = world.freight("a")

    with pytest.raises(InvalidError, match="not yet verified in test"):
        world.promote(uat, freight)
    world.promote(test, freight)
    world.settle()
    world.promote(uat, freight)
    world.settle()

    assert world.phases(uat) == [("a", "Succeeded")]


def test_verification_wakes_the_stages_downstream_and_no_others(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"]})
    prod = world.stage("prod", sources={"stages": ["uat"]})
    world.settle()
    world.promote(test, world.freight("a"))
    waiting = world.due_in(prod)

    world.reconcile(test)
    world.reconcile(world.promotions(test)[0])
    before = world.due_in(uat)
    world.reconcile(test)

    assert before is not None
    assert before > timedelta(minutes=1)
    woken = world.due_in(uat)
    assert woken is not None
    assert woken <= timedelta(0)
    assert world.due_in(prod) is not None
    assert waiting is not None
    assert world.due_in(prod) > timedelta(minutes=1)  # type: ignore[operator] # not None


def test_freight_must_soak_as_long_as_the_stage_asks(world: World) -> None:
    world.warehouse()
    world.automate({"stage": "uat", "autoPromotionEnabled": True})
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "1m"})
    freight = world.freight("a")
    world.promote(test, freight)
    world.settle()
    soaking = offered(world, uat)
    with pytest.raises(InvalidError, match="1 min of soak left in test"):
        world.promote(uat, freight)

    delay = world.reconcile(uat)
    early = world.phases(uat)
    StageFreight.objects.filter(stage=test).update(
        current_since=read_clock() - timedelta(seconds=61)
    )
    world.hasten(uat)

    assert soaking == []
    assert early == []
    assert delay is not None
    assert timedelta(seconds=50) < delay <= timedelta(seconds=60)
    assert world.phases(uat) == [("a", "Succeeded")]


def test_soaking_ends_at_the_time_that_the_stage_is_looked_at(world: World) -> None:
    world.warehouse()
    world.automate({"stage": "uat", "autoPromotionEnabled": True})
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "1h"})
    world.promote(test, world.freight("a"))
    world.settle()

    world.reconcile(uat, now=read_clock() + timedelta(minutes=61))

    assert world.phases(uat) == [("a", "Pending")]


def test_approval_is_as_good_as_verification_and_soaking(world: World) -> None:
    world.warehouse()
    world.automate({"stage": "uat", "autoPromotionEnabled": True})
    world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "1h"})
    freight = world.freight("a")
    world.settle()

    approve_freight(freight, uat, actor=world.alice, now=read_clock())
    world.settle()

    assert world.phases(uat) == [("a", "Succeeded")]


@pytest.mark.parametrize(("strategy", "after_one"), [("OneOf", ["a"]), ("All", [])])
def test_a_stage_may_ask_for_one_or_all_of_its_upstreams(
    world: World, strategy: str, after_one: list[str]
) -> None:
    world.warehouse()
    east, west = world.stage("east"), world.stage("west")
    sources = {"stages": ["east", "west"], "availabilityStrategy": strategy}
    prod = world.stage("prod", sources=sources)
    freight = world.freight("a")

    world.promote(east, freight)
    world.settle()
    first = offered(world, prod)
    world.promote(west, freight)
    world.settle()

    assert first == after_one
    assert offered(world, prod) == ["a"]


def test_a_control_flow_stage_passes_on_what_reaches_it(world: World) -> None:
    world.warehouse()
    world.automate()
    test = world.stage("test")
    gate = world.stage("gate", sources={"stages": ["test"]}, promotionTemplate=None)
    prod = world.stage("prod", sources={"stages": ["gate"]})

    world.freight("a")
    world.settle()

    assert gate.is_control_flow
    assert world.phases(test) == [("a", "Succeeded")]
    assert world.promotions(gate) == []
    assert condition(gate, "Ready")[0] == "True"
    assert world.phases(prod) == [("a", "Succeeded")]
    assert world.due_in(gate) is None


def test_a_stage_that_was_deleted_upstream_verifies_nothing_any_more(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"]})
    world.promote(test, world.freight("a"))
    world.settle()
    assert offered(world, uat) == ["a"]

    Stage.objects.filter(pk=test.pk).update(deleted_at=read_clock())

    assert offered(world, uat) == []


def test_choosing_the_newest_reads_as_little_of_much_freight_as_of_a_few_pieces(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.warehouse()
    stage = world.stage()
    newest = [world.freight(f"c{number}") for number in range(60)][-1]

    with django_assert_max_num_queries(2):
        found = candidates_of(stage, now=read_clock())

    assert [it.pk for it in found.values()] == [newest.pk]
    assert len(available_to(stage, now=read_clock(), limit=30)) == 30
    assert len(available_to(stage, now=read_clock())) == 60


def test_a_control_flow_stage_that_cannot_tell_what_is_available_says_so(world: World) -> None:
    world.warehouse()
    stage = world.stage("flow", promotionTemplate=None)
    freight = world.freight("a")
    sources = {"direct": False, "stages": ["x"], "availabilityStrategy": "Most"}
    request = {**stage.spec["requestedFreight"][0], "sources": sources}
    Stage.objects.filter(pk=stage.pk).update(spec={"requestedFreight": [request]})

    with pytest.raises(InvalidError, match="is not an availability strategy"):
        world.reconcile(stage)
    failed = condition(stage, "Ready"), condition(stage, "Reconciling")
    direct = {**request, "sources": {"direct": True}}
    Stage.objects.filter(pk=stage.pk).update(spec={"requestedFreight": [direct]})
    world.reconcile(stage)

    assert failed == (
        ("False", "FreightRetrievalFailed"),
        ("True", "RetryAfterFreightRetrievalFailed"),
    )
    assert condition(stage, "Ready")[0] == "True"
    assert condition(stage, "Reconciling") == ("", "")
    assert StageFreight.objects.get(stage=stage).freight == freight

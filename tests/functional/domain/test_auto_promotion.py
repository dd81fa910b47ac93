"""What Stages promote by themselves, and what keeps them from it."""

import pytest

from common.clock import now as read_clock
from common.jsontypes import JSONObject
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.models import AutoPromotionHold, Promotion
from promotions.services.promotions import abort_promotion
from tests.functional.domain.world import World, condition, words

SCRIPTED = {"uses": "scripted", "as": "it"}
NO = StepError("no", failed=True, terminal=True)
WAITING = StepResult(StepStatus.RUNNING)


def test_a_stage_promotes_by_itself_only_if_a_policy_says_so(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.freight("a")
    world.settle()
    before = world.phases(stage)

    world.automate()
    world.settle()

    assert before == []
    assert world.phases(stage) == [("a", "Succeeded")]
    assert world.promotions(stage)[0].actor == "controller:stage-controller"
    stage.refresh_from_db()
    assert stage.auto_promotion_enabled


def test_new_freight_goes_all_the_way(world: World) -> None:
    world.warehouse()
    world.automate()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"]})
    prod = world.stage("prod", sources={"stages": ["uat"]})
    world.settle()

    world.freight("a")
    world.settle()
    world.freight("b")
    world.settle()

    for stage in (test, uat, prod):
        assert world.phases(stage) == [("a", "Succeeded"), ("b", "Succeeded")]


@pytest.mark.parametrize(
    ("policies", "promotes"),
    [
        ([{"stage": "test", "autoPromotionEnabled": True}], True),
        ([{"stage": "prod", "autoPromotionEnabled": True}], False),
        ([{"stageSelector": {"name": "glob:te*"}, "autoPromotionEnabled": True}], True),
        ([{"stageSelector": {"name": "regex:^t.st$"}, "autoPromotionEnabled": True}], True),
        ([{"stageSelector": {"name": "glob:pr*"}, "autoPromotionEnabled": True}], False),
        (
            [
                {
                    "stageSelector": {"matchLabels": {"tier": "low"}},
                    "autoPromotionEnabled": True,
                }
            ],
            True,
        ),
        (
            [
                {"stage": "test", "autoPromotionEnabled": False},
                {"stageSelector": {"name": "glob:*"}, "autoPromotionEnabled": True},
            ],
            False,
        ),
    ],
)
def test_the_first_policy_about_a_stage_decides(
    world: World, policies: list[JSONObject], *, promotes: bool
) -> None:
    world.warehouse()
    world.automate(*policies)
    stage = world.stage(labels={"tier": "low"})

    world.freight("a")
    world.settle()

    assert world.phases(stage) == ([("a", "Succeeded")] if promotes else [])


def test_only_the_newest_freight_is_promoted(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    for commit in "abc":
        world.freight(commit)

    world.automate()
    world.settle()

    assert world.phases(stage) == [("c", "Succeeded")]


def test_a_promotion_that_failed_is_not_tried_again_by_itself(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [NO]
    world.freight("a")
    world.settle()

    for _ in range(3):
        world.hasten(stage)

    assert world.phases(stage) == [("a", "Failed")]
    world.freight("b")
    world.settle()
    assert world.phases(stage) == [("a", "Failed"), ("b", "Succeeded")]


def test_an_aborted_promotion_is_not_tried_again_by_itself(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    world.freight("a")
    world.settle()

    abort_promotion(world.promotions(stage)[0], actor=world.alice, reason="", now=read_clock())
    world.settle()
    world.hasten(stage)

    assert world.phases(stage) == [("a", "Aborted")]


def test_older_freight_that_a_person_promotes_stays_until_the_newest_is_promoted(
    world: World,
) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage()
    old = world.freight("a")
    world.settle()
    newest = world.freight("b")
    world.settle()

    world.promote(stage, old)
    world.settle()
    held = world.held(stage)
    world.hasten(stage)
    holds = AutoPromotionHold.objects.filter(stage=stage).count()
    later = world.freight("c")
    world.settle()
    still = world.held(stage)
    world.promote(stage, later)
    world.settle()

    assert newest.pk != later.pk
    assert held == {"main": "a"}
    assert holds == 1
    assert still == {"main": "a"}
    assert world.held(stage) == {"main": "c"}
    assert not AutoPromotionHold.objects.filter(stage=stage).exists()
    world.freight("d")
    world.settle()
    assert world.held(stage) == {"main": "d"}


def test_a_hold_survives_its_promotion(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage()
    old = world.freight("a")
    world.settle()
    world.freight("b")
    world.settle()
    hold = world.promote(stage, old)
    world.settle()

    Promotion.objects.filter(pk=hold.pk).update(deleted_at=read_clock())
    world.hasten(stage)

    assert world.held(stage) == {"main": "a"}


def test_a_hold_counts_from_the_moment_its_promotion_is_created(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage("test", SCRIPTED)
    old = world.freight("a")
    world.settle()
    world.steps.script = [WAITING]

    world.freight("b")
    world.settle()
    world.promote(stage, old)
    world.freight("c")
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Running"), ("a", "Pending")]


def test_an_aborted_promotion_holds_nothing(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage("test", SCRIPTED)
    old = world.freight("a")
    world.settle()
    world.freight("b")
    world.settle()
    world.steps.script = [WAITING]

    back = world.promote(stage, old)
    world.settle()
    abort_promotion(back, actor=world.alice, reason="", now=read_clock())
    world.settle()
    world.freight("c")
    world.settle()

    assert world.held(stage) == {"main": "c"}


def test_holds_end_when_auto_promotion_is_switched_off(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage()
    old = world.freight("a")
    world.freight("b")
    world.settle()
    world.promote(stage, old)
    world.settle()

    world.automate({"stage": "test", "autoPromotionEnabled": False})
    world.settle()

    assert not AutoPromotionHold.objects.filter(stage=stage).exists()


def test_a_held_origin_does_not_hold_another(world: World) -> None:
    world.warehouse("app")
    world.warehouse("config")
    world.automate()
    stage = world.stage(warehouses=("app", "config"))
    old = world.freight("a", warehouse="app")
    world.freight("b", warehouse="app")
    world.freight("c", warehouse="config")
    world.settle()
    world.promote(stage, old)
    world.settle()

    world.freight("d", warehouse="app")
    world.freight("e", warehouse="config")
    world.settle()

    assert world.held(stage) == {"app": "a", "config": "e"}


def test_a_missing_task_is_told_and_keeps_no_freight_from_being_verified(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", {"task": {"name": "release"}, "as": "release"})
    neighbour = world.stage("neighbour")
    world.automate()

    world.freight("a")
    world.settle()

    assert condition(stage, "Ready") == ("False", "ReconcileError")
    assert 'PromotionTask "release" not found' in words(stage)
    assert "release" in world.work_error(stage)
    assert world.phases(neighbour) == [("a", "Succeeded")]


def test_what_a_stage_holds_is_verified_although_the_next_cannot_be_promoted(
    world: World,
) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.automate()
    world.steps.script = [WAITING]
    first = world.freight("a")
    world.settle()
    world.stage("test", {"task": {"name": "gone"}, "as": "release"})
    world.freight("b")
    world.settle()

    world.hasten(world.promotions(stage)[0])
    world.hasten(stage)

    assert world.phases(stage) == [("a", "Succeeded")]
    assert first.standings.get(stage=stage).verified_at is not None
    assert condition(stage, "Ready") == ("False", "ReconcileError")


def test_a_stage_recovers_when_its_task_is_there(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", {"task": {"name": "release"}, "as": "release"})
    world.automate()
    world.freight("a")
    world.settle()

    world.apply("PromotionTask", "release", spec={"steps": [SCRIPTED]})
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded")]
    assert condition(stage, "Ready") == ("True", "Verified")
    assert condition(stage, "Reconciling") == ("", "")

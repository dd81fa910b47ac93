"""After a failure a Stage goes back to the Freight that was verified last."""

from datetime import timedelta

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.models import (
    AutoPromotionHold,
    Promotion,
    PromotionRequest,
    Stage,
    Verification,
)
from promotions.selectors.plans import ROLLBACK_ANNOTATION
from promotions.services.promotion_requests import abort_promotion_request
from promotions.services.promotions import abort_promotion
from tests.functional.domain.fleets import again, begin, fleet, fleet_stage, request_for
from tests.functional.domain.world import World

SCRIPTED: JSONObject = {"uses": "scripted", "as": "it"}
NO = StepError("no", failed=True, terminal=True)
YES = StepResult(StepStatus.SUCCEEDED)


def policy(**rollback: JSONValue) -> JSONValue:
    return {"stageSelector": {"name": "glob:*"}, "autoRollback": dict(rollback)}


def rollbacks(stage: Stage) -> list[Promotion]:
    rows = Promotion.objects.filter(stage=stage).order_by("name")
    return [it for it in rows if it.annotations.get(ROLLBACK_ANNOTATION) == "true"]


def test_what_is_verified_is_remembered_where_policy_goes_back(world: World) -> None:
    world.warehouse()
    world.automate(policy())
    stage = world.stage()
    freight = world.freight("a")

    world.promote(stage, freight)
    world.settle()

    stage.refresh_from_db()
    assert stage.metadata == {"stableFreight": {"Warehouse/main": freight.name}}


def test_a_failed_promotion_is_followed_by_one_of_the_good_freight(world: World) -> None:
    world.warehouse()
    world.automate(policy(onPromotion=["Failed"]))
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [YES, NO, YES]
    world.promote(stage, world.freight("a"))
    world.settle()

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Failed"), ("a", "Succeeded")]
    (rollback,) = rollbacks(stage)
    assert rollback.actor == "controller:stage-controller"


def test_a_rollback_that_fails_is_the_last_one(world: World) -> None:
    world.warehouse()
    world.automate(policy(onPromotion=["Failed"]))
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [YES, NO, NO]
    world.promote(stage, world.freight("a"))
    world.settle()

    world.promote(stage, world.freight("b"))
    world.settle()
    world.hasten(stage)

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Failed"), ("a", "Failed")]


def test_without_a_policy_nothing_goes_back(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [YES, NO]
    world.promote(stage, world.freight("a"))
    world.settle()

    world.promote(stage, world.freight("b"))
    world.settle()

    assert rollbacks(stage) == []


def test_a_failed_verification_goes_back_and_automation_does_not_undo_it(world: World) -> None:
    world.warehouse()
    both: JSONValue = {
        "stageSelector": {"name": "glob:*"},
        "autoPromotionEnabled": True,
        "autoRollback": {},
    }
    world.automate(both)
    stage = world.stage()
    good = world.freight("a")
    world.settle()
    world.freight("b")
    world.settle()
    latest = Verification.objects.order_by("-pk")[0]
    Stage.objects.filter(pk=stage.pk).update(
        metadata={"stableFreight": {"Warehouse/main": good.name}}
    )
    Verification.objects.filter(pk=latest.pk).update(phase="Failed", finished_at=read_clock())

    world.hasten(stage)

    assert world.held(stage) == {"main": "a"}
    assert world.phases(stage)[-2:] == [("b", "Succeeded"), ("a", "Succeeded")]
    hold = AutoPromotionHold.objects.get(stage=stage)
    assert hold.promotion_name == rollbacks(stage)[0].name
    assert len(rollbacks(stage)) == 1


def test_closed_windows_keep_rollbacks_out_as_well(world: World) -> None:
    world.warehouse()
    world.automate(policy(onPromotion=["Failed"]))
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [YES, NO]
    world.promote(stage, world.freight("a"))
    world.settle()
    world.promote(stage, world.freight("b"))
    now = read_clock()
    window = {
        "name": "freeze",
        "kind": "Deny",
        "dtstart": f"{now + timedelta(seconds=1):%Y%m%dT%H%M%SZ}",
        "dtend": f"{now + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
    }
    promotion = world.promotions(stage)[-1]
    world.reconcile(promotion)

    spec: JSONValue = {
        "promotionPolicies": [policy(onPromotion=["Failed"])],
        "promotionWindows": [window],
    }
    world.apply("ProjectConfig", world.project.name, spec=spec)
    world.reconcile(stage, now=now + timedelta(seconds=2))

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Failed")]


def test_a_rollback_that_somebody_ends_before_it_starts_does_not_come_back(world: World) -> None:
    world.warehouse()
    world.automate(policy(onPromotion=["Failed"]))
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [YES, NO, YES]
    world.promote(stage, world.freight("a"))
    world.settle()
    world.promote(stage, world.freight("b"))
    rules: list[JSONValue] = [{"stageSelector": {"name": "glob:*"}, "minApprovals": 1}]
    world.reconcile(world.promotions(stage)[-1])
    spec: JSONValue = {
        "promotionPolicies": [policy(onPromotion=["Failed"])],
        "approvalPolicies": rules,
    }
    world.apply("ProjectConfig", world.project.name, spec=spec)
    world.settle()
    (rollback,) = rollbacks(stage)
    waited = rollback.phase

    abort_promotion(rollback, actor=world.alice, reason="not now", now=read_clock())
    world.settle()
    world.hasten(stage)

    assert waited == "Pending"
    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Failed"), ("a", "Aborted")]


def test_an_aborted_request_is_no_failure_to_go_back_from(world: World) -> None:
    world.warehouse()
    fleet(world, 1)
    world.automate(policy(onPromotion=["Failed"]))
    stage = fleet_stage(world)
    request_for(world, stage, world.freight("a"))
    world.settle()
    request = request_for(world, stage, world.freight("b"))
    begin(world)

    abort_promotion_request(again(request), actor=world.alice, reason="no", now=read_clock())
    world.settle()

    assert again(request).phase == "Failed"
    assert PromotionRequest.objects.filter(stage=stage).count() == 2

"""Promotions that need approval wait for it, whoever asks for them, and then go on."""

from dataclasses import replace
from uuid import uuid4

from common.clock import now as read_clock
from promotions.engine.approvals import Action
from promotions.engine.eligibility import Code
from promotions.models import Promotion, Stage
from promotions.selectors.eligibility import reasons_why_not
from promotions.services.approvals import Judgement, judge_promotion
from tests.factories.people import actor_of
from tests.functional.domain.world import World


def require(world: World, *, automatic: bool = False) -> None:
    everything = {"stageSelector": {"name": "glob:*"}}
    world.apply(
        "ProjectConfig",
        world.project.name,
        spec={
            "approvalPolicies": [{**everything, "minApprovals": 1}],
            "promotionPolicies": [{**everything, "autoPromotionEnabled": automatic}],
        },
    )


def approve(world: World, promotion: Promotion) -> None:
    carol = replace(actor_of(world.project, name="carol"), user_uid=uuid4())
    found = Promotion.objects.select_related("project__tenant", "stage", "freight", "request").get(
        pk=promotion.pk
    )
    judge_promotion(found, Judgement(Action.APPROVE), actor=carol, now=read_clock())


def test_a_promotion_by_hand_starts_when_it_is_approved(world: World) -> None:
    world.warehouse()
    require(world)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    world.settle()
    before = world.phases(stage)

    approve(world, promotion)
    world.settle()

    assert before == [("a", "Pending")]
    assert world.phases(stage) == [("a", "Succeeded")]


def test_so_does_one_that_automation_asked_for(world: World) -> None:
    world.warehouse()
    require(world, automatic=True)
    stage = world.stage()
    world.freight("a")
    world.settle()
    (promotion,) = world.promotions(stage)

    approve(world, promotion)
    world.settle()

    assert promotion.phase == "Pending"
    assert promotion.message.startswith("Waiting for approval: 0 of 1 approvals")
    assert world.phases(stage) == [("a", "Succeeded")]


def test_whoever_asks_why_is_told_before_promoting(world: World) -> None:
    world.warehouse()
    require(world)
    stage = Stage.objects.select_related("project__tenant").get(pk=world.stage().pk)
    freight = world.freight("a")

    codes = [it.code for it in reasons_why_not(stage, freight, now=read_clock())]

    assert Code.APPROVALS_MISSING in codes

"""Promotions that need approval wait for it, whoever asks for them, and then go on."""

import json
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from common.clock import now as read_clock
from common.errors import ConflictError
from common.jsontypes import JSONValue
from promotions.engine.approvals import Action
from promotions.engine.eligibility import Code
from promotions.engine.runner import StepResult, StepStatus
from promotions.models import Event, Promotion, Stage
from promotions.reconcilers.loop import run_one
from promotions.selectors.approvals import Subject
from promotions.selectors.eligibility import reasons_why_not
from promotions.services.approvals import Judgement, judge_promotion
from rbac.actors import Actor
from rbac.models import AuditEvent
from tests.factories.people import actor_of
from tests.functional.domain.asking import waits
from tests.functional.domain.fleets import (
    again,
    begin,
    fleet,
    fleet_stage,
    outcomes,
    request_for,
)
from tests.functional.domain.world import SHARD, World

CAROL_UID = uuid4()
HOURS = timedelta(hours=2)


def require(world: World, *, automatic: bool = False, **policy: JSONValue) -> None:
    everything = {"stageSelector": {"name": "glob:*"}}
    world.apply(
        "ProjectConfig",
        world.project.name,
        spec={
            "approvalPolicies": [{**everything, "minApprovals": 1, **policy}],
            "promotionPolicies": [{**everything, "autoPromotionEnabled": automatic}],
        },
    )


def carol(world: World) -> Actor:
    return replace(actor_of(world.project, name="carol"), user_uid=CAROL_UID)


def approve(
    world: World, subject: Subject, action: Action = Action.APPROVE, *, by: Actor | None = None
) -> None:
    rows = type(subject).objects.select_related("project__tenant", "stage", "freight")
    judge_promotion(
        rows.get(pk=subject.pk), Judgement(action), actor=by or carol(world), now=read_clock()
    )


def lapse(subject: Subject) -> None:
    """Let the approvals have been given two hours ago."""
    for row in subject.approvals.all():
        type(row).objects.filter(pk=row.pk).update(at=row.at - HOURS)


def events_of(subject: Subject) -> list[str]:
    rows = Event.objects.filter(object_uid=subject.uid).order_by("pk")
    return list(rows.values_list("reason", flat=True))


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


def test_an_approval_that_runs_out_in_the_queue_has_to_be_given_again(world: World) -> None:
    world.warehouse()
    require(world, expiresAfter="1h")
    stage = world.stage("test", {"uses": "scripted", "as": "it"})
    world.steps.script = [StepResult(StepStatus.RUNNING)]
    first = world.promote(stage, world.freight("a"))
    approve(world, first)
    world.settle()
    second = world.promote(stage, world.freight("b"))
    approve(world, second)
    lapse(second)
    world.reconcile(stage)
    told = events_of(second)

    world.steps.script = [StepResult(StepStatus.SUCCEEDED)]
    world.hasten(first)
    world.settle()
    waiting = Promotion.objects.get(pk=second.pk)
    approve(world, second)
    world.settle()

    assert told == ["PromotionCreated", "PromotionApproved", "PromotionApprovalExpired"]
    assert (waiting.phase, waiting.message) == (
        "Pending",
        "Waiting for approval: 0 of 1 approvals by whoever may promote to the Stage",
    )
    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Succeeded")]


def test_that_it_ran_out_is_told_once_and_kept(world: World) -> None:
    world.warehouse()
    require(world, expiresAfter="1h", minApprovals=2)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)
    due = world.reconcile(stage)
    lapse(promotion)

    for _ in range(3):
        world.reconcile(stage)

    assert due is not None
    assert due <= timedelta(hours=1)
    assert events_of(promotion) == ["PromotionCreated", "PromotionApprovalExpired"]
    assert [it.action for it in promotion.approvals.order_by("pk")] == ["approve", "expire"]
    (act,) = AuditEvent.objects.filter(action="promotion.expire_approval")
    assert act.after == {"user": "carol@example.com"}


def test_a_stage_looks_again_when_an_approval_runs_out(world: World) -> None:
    world.warehouse()
    require(world, expiresAfter="1m", minApprovals=2)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)

    due = world.reconcile(stage)

    assert due is not None
    assert timedelta(0) < due <= timedelta(minutes=1)


def test_an_approval_can_be_withdrawn_until_the_promotion_starts(world: World) -> None:
    world.warehouse()
    require(world)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)
    world.reconcile(stage)  # lets it in

    approve(world, promotion, action=Action.WITHDRAW)
    world.settle()
    waiting = Promotion.objects.get(pk=promotion.pk)
    reasons = [it.code for it in waits(promotion)]
    approve(world, promotion)
    world.settle()

    assert waiting.phase == "Pending"
    assert waiting.message.startswith("Waiting for approval: 0 of 1")
    assert reasons == [Code.APPROVALS_MISSING]
    assert world.phases(stage) == [("a", "Succeeded")]
    assert events_of(promotion)[1:4] == [
        "PromotionApproved",
        "PromotionApprovalWithdrawn",
        "PromotionApproved",
    ]
    with pytest.raises(ConflictError, match="it is Succeeded"):
        approve(world, promotion, action=Action.WITHDRAW)


def test_only_those_who_approved_have_something_to_withdraw(world: World) -> None:
    world.warehouse()
    require(world)
    promotion = world.promote(world.stage(), world.freight("a"))

    with pytest.raises(ConflictError, match="There is no approval of yours to withdraw"):
        approve(world, promotion, action=Action.WITHDRAW)


def test_somebody_who_lost_their_role_can_still_withdraw(world: World) -> None:
    world.warehouse()
    require(world)
    promotion = world.promote(world.stage(), world.freight("a"))
    approve(world, promotion)
    nobody = replace(carol(world), grants=())

    approve(world, promotion, action=Action.WITHDRAW, by=nobody)

    assert [it.action for it in promotion.approvals.order_by("pk")] == ["approve", "withdraw"]


def test_a_request_waits_for_approval_and_its_targets_do_not(world: World) -> None:
    world.warehouse()
    require(world, expiresAfter="1h")
    fleet(world, 2, waves=2)
    stage = fleet_stage(world)
    request = request_for(world, stage)
    world.settle()
    waiting, before = again(request), outcomes(request)

    approve(world, request)
    begin(world)
    lapse(request)
    child = Promotion.objects.get(request=request)
    asked = [it.code for it in waits(child)]
    world.settle()

    assert (waiting.phase, before) == ("Pending", {"t00": "", "t01": ""})
    assert waiting.message.startswith("Waiting for approval: 0 of 1 approvals")
    assert Code.APPROVALS_MISSING not in asked
    assert again(request).phase == "Succeeded"
    assert events_of(request) == [
        "PromotionRequestCreated",
        "PromotionRequestApproved",
        "PromotionRequestSucceeded",
    ]


def test_the_command_line_lists_what_waits_and_for_whom(world: World) -> None:
    world.warehouse()
    require(world, minApprovals=2, approvers=[{"role": "kargo-admin", "required": True}])
    stage = world.stage()
    nothing, lines, document = StringIO(), StringIO(), StringIO()
    call_command("approvals", "--project", "demo", stdout=nothing)
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)

    call_command("approvals", "--project", "demo", "--stage", "test", stdout=lines)
    call_command("approvals", "--project", "demo", "--json", stdout=document)

    assert nothing.getvalue() == "nothing waits for approval\n"
    assert lines.getvalue().startswith(f"1 of 2   {promotion.name} (")
    assert "approvers: role kargo-admin\n" in lines.getvalue()
    (shown,) = json.loads(document.getvalue())
    assert (shown["name"], shown["approvals"], shown["minApprovals"]) == (promotion.name, 1, 2)
    with pytest.raises(CommandError, match="not found"):
        call_command("approvals", "--project", "demo", "--stage", "nowhere")


def test_whoever_may_no_longer_approve_has_not(world: World) -> None:
    world.warehouse()
    require(world, minApprovals=2)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)

    require(world, approvers=[{"role": "release-manager"}])
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Pending"
    assert promotion.message == "Waiting for approval: 0 of 1 approvals by role release-manager"


def test_a_request_that_is_rejected_after_it_was_let_in_ends_and_frees_the_stage(
    world: World,
) -> None:
    world.warehouse()
    fleet(world, 1)
    require(world)
    stage = fleet_stage(world)
    request = request_for(world, stage)
    approve(world, request)
    assert run_one(SHARD, world.reconcilers, owner="test")  # the Stage lets it in
    stage.refresh_from_db()
    let_in = stage.current_request_id

    approve(world, request, Action.REJECT)
    world.settle()

    stage.refresh_from_db()
    assert (let_in, stage.current_request_id) == (request.pk, None)
    assert again(request).phase == "Failed"
    assert outcomes(request) == {"t00": ""}


def test_what_was_let_in_and_lost_its_approval_starts_when_it_needs_none_any_more(
    world: World,
) -> None:
    world.warehouse()
    require(world)
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))
    approve(world, promotion)
    assert run_one(SHARD, world.reconcilers, owner="test")  # the Stage lets it in
    approve(world, promotion, Action.WITHDRAW)
    world.settle()
    before = world.phases(stage)

    world.apply("ProjectConfig", world.project.name, spec={})
    world.settle()

    assert before == [("a", "Pending")]
    assert world.phases(stage) == [("a", "Succeeded")]

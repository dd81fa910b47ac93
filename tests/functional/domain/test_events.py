"""What a project's page of events tells of what happened."""

import json

import pytest

from common.clock import now as read_clock
from common.jsontypes import JSONValue
from promotions.models import Event, Promotion
from promotions.selectors.events import newest_events
from promotions.services.freight import approve_freight
from promotions.services.promotions import abort_promotion
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

FAIL: JSONValue = {"uses": "fail", "as": "no", "config": {"message": "broken"}}
ALICE = "email:alice@example.com"


def _reasons() -> list[str]:
    return [event.reason for event in Event.objects.order_by("pk")]


def _event(reason: str) -> Event:
    return Event.objects.get(reason=reason)


def test_a_promotion_and_its_verification_are_told_step_by_step(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("1")
    promotion = world.promote(stage, freight)

    world.settle()

    assert _reasons() == [
        "FreightCreated",
        "PromotionCreated",
        "PromotionSucceeded",
        "FreightVerificationSucceeded",
    ]
    created, ended = _event("PromotionCreated"), _event("PromotionSucceeded")
    assert created.message == f'Promotion created for Stage "test" by "{ALICE}"'
    assert created.annotations == {
        "actor": ALICE,
        "project": "demo",
        "promotion-name": promotion.name,
        "promotion-create-time": created.annotations["promotion-create-time"],
        "stage-name": "test",
        "freight-name": freight.name,
        "freight-alias": freight.alias,
        "freight-create-time": created.annotations["freight-create-time"],
        "freight-warehouse-name": "main",
        "freight-commits": created.annotations["freight-commits"],
    }
    assert json.loads(created.annotations["freight-commits"])[0]["id"] == "1".rjust(40, "0")
    assert ended.annotations["verification-pending"] == "false"
    verified = _event("FreightVerificationSucceeded")
    assert verified.message == "Freight verification succeeded"
    assert verified.annotations["actor"] == "controller:stage-controller"
    assert verified.annotations["verification-finish-time"].endswith("Z")
    assert "analysis-run-name" not in verified.annotations


def test_a_failure_is_told_with_its_reason(world: World) -> None:
    world.warehouse()
    promotion = world.promote(world.stage("test", FAIL), world.freight("1"))

    world.settle()

    promotion.refresh_from_db()
    told = Event.objects.get(object_uid=promotion.uid, reason=f"Promotion{promotion.phase}")
    assert "broken" in told.message


def test_whoever_asked_for_a_promotion_is_its_actor_even_when_another_aborts_it(
    world: World,
) -> None:
    world.warehouse()
    stage = world.stage("test", {"uses": "scripted", "as": "wait"})
    world.promote(stage, world.freight("1"))
    waiting = world.promote(stage, world.freight("2"))

    abort_promotion(
        Promotion.objects.get(pk=waiting.pk), actor=world.alice, reason="", now=read_clock()
    )

    assert _event("PromotionAborted").annotations["actor"] == ALICE


def test_an_approval_is_told_once(world: World) -> None:
    world.warehouse()
    stage = world.stage("prod", sources={"stages": ["test"]})
    freight = world.freight("1")

    for _ in range(2):
        approve_freight(freight, stage, actor=world.alice, now=read_clock())

    approved = _event("FreightApproved")
    assert approved.message == f'Freight approved for Stage "prod" by "{ALICE}"'
    assert approved.annotations["stage-name"] == "prod"


def test_what_passes_a_stage_without_steps_is_told_as_verified(world: World) -> None:
    world.warehouse()
    world.stage("through", promotionTemplate=None)
    world.freight("1")

    world.settle()

    assert _reasons() == ["FreightCreated", "FreightVerificationSucceeded"]


def test_automatic_promotion_is_told_as_such(world: World) -> None:
    world.warehouse()
    world.automate()
    world.stage()
    world.freight("1")

    world.settle()

    created = _event("PromotionCreated")
    assert created.message == (
        'Automatically promoted Freight from origin "Warehouse/main" for Stage "test"'
    )
    assert created.annotations["actor"] == "controller:stage-controller"


def test_the_applications_that_a_promotion_updates_are_named_once_each(world: World) -> None:
    world.warehouse()
    apps: list[JSONValue] = [
        {"name": "${{ vars.app }}-${{ ctx.stage }}"},
        {"name": "fixed", "namespace": "apps"},
        {"name": "fixed", "namespace": "apps"},
        {"name": "${{ outputs.later.name }}"},
    ]
    sync: JSONValue = {"uses": "argocd-update", "as": "sync", "config": {"apps": apps}}
    template: JSONValue = {"spec": {"vars": [{"name": "app", "value": "shop"}], "steps": [sync]}}
    stage = world.stage(promotionTemplate=template)

    world.promote(stage, world.freight("1"))

    assert json.loads(_event("PromotionCreated").annotations["applications"]) == [
        {"name": "fixed", "namespace": "apps"},
        {"name": "shop-test", "namespace": "argocd"},
    ]


def test_only_the_newest_events_are_shown(world: World) -> None:
    world.warehouse()
    for commit in "123":
        world.freight(commit)

    shown = newest_events(world.project, limit=2)

    assert [it.pk for it in shown] == list(
        Event.objects.order_by("-pk").values_list("pk", flat=True)[:2]
    )

"""Windows close Stages to every promotion: automatic, by hand, waiting, to targets."""

from datetime import datetime, timedelta

import pytest

from common.clock import now as read_clock
from common.errors import ForbiddenError, InvalidError
from common.jsontypes import JSONValue
from promotions.engine.eligibility import Code
from promotions.engine.runner import StepResult, StepStatus
from promotions.models import Event, Promotion, Stage
from promotions.selectors.eligibility import reasons_why_not
from promotions.services import window_gate
from promotions.services.promotions import create_promotion
from rbac.models import AuditEvent
from tests.functional.domain.world import World

HOUR = timedelta(hours=1)
AUTOMATIC: JSONValue = {"stageSelector": {"name": "glob:*"}, "autoPromotionEnabled": True}


def stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def freeze(begin: timedelta, end: timedelta, **more: JSONValue) -> JSONValue:
    """Return a window that denies, its times counted from now."""
    now = read_clock()
    window = {"name": "freeze", "kind": "Deny", "dtstart": stamp(now + begin)}
    return {**window, "dtend": stamp(now + end), **more}


def configure(world: World, *windows: JSONValue, automatic: bool = False) -> None:
    spec: dict[str, JSONValue] = {"promotionWindows": list(windows)}
    if automatic:
        spec["promotionPolicies"] = [AUTOMATIC]
    world.apply("ProjectConfig", world.project.name, spec=spec)


def test_nobody_promotes_by_hand_while_it_is_closed(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")
    configure(world, freeze(-HOUR, HOUR))

    with pytest.raises(ForbiddenError) as caught:
        world.promote(stage, freight)

    assert caught.value.code == "window_closed"
    assert 'denied by promotion window "freeze"; they open at ' in caught.value.message
    assert world.phases(stage) == []


def test_who_is_refused_for_more_than_a_window_is_told_everything(world: World) -> None:
    world.warehouse()
    world.stage("test")
    stage = world.stage("prod", sources={"stages": ["test"]})
    configure(world, freeze(-HOUR, HOUR))

    with pytest.raises(InvalidError) as caught:
        world.promote(stage, world.freight("a"))

    assert "not yet verified in test; " in caught.value.message
    assert 'denied by promotion window "freeze"' in caught.value.message


def test_it_says_so_in_its_status_and_wherever_people_ask_why(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")
    configure(world, freeze(-HOUR, HOUR))

    world.settle()

    stage = Stage.objects.select_related("project__tenant").get(pk=stage.pk)
    shown = stage.window_status
    assert shown is not None
    assert shown["closed"] is True
    reasons = reasons_why_not(stage, freight, now=read_clock())
    (why,) = [it for it in reasons if it.code is Code.WINDOW_CLOSED]
    assert why.message == shown["reason"]
    assert why.lifts_at is not None
    assert f"{why.lifts_at:%Y-%m-%dT%H:%M:%SZ}" == shown["nextOpen"]


def test_a_stage_that_no_window_is_for_says_nothing_of_windows(world: World) -> None:
    stage = world.stage()
    configure(world, freeze(-HOUR, HOUR, stageSelector={"name": "prod"}))

    world.settle()

    stage.refresh_from_db()
    assert stage.window_status is None


def test_automation_waits_and_goes_on_when_it_opens(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.freight("a")
    configure(world, freeze(-HOUR, HOUR), automatic=True)
    world.settle()
    before = world.phases(stage)
    due = world.due_in(stage)
    wanted = world.reconcile(stage, now=read_clock() + HOUR - timedelta(seconds=30))

    configure(world, automatic=True)
    world.settle()

    assert before == []
    assert due is not None
    assert wanted is not None
    assert wanted <= timedelta(seconds=31)
    assert world.phases(stage) == [("a", "Succeeded")]


def test_what_waits_when_it_closes_is_discarded_and_no_attempt(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", {"uses": "scripted", "as": "it"})
    world.steps.script = [StepResult(StepStatus.RUNNING)]
    running = world.promote(stage, world.freight("a"))
    world.settle()
    waiting = world.promote(stage, world.freight("b"))

    configure(world, freeze(-HOUR, HOUR))
    world.settle()

    running.refresh_from_db()
    waiting.refresh_from_db()
    assert running.phase == "Running"
    assert (waiting.phase, waiting.is_discarded) == ("Aborted", True)
    assert waiting.message.startswith("Discarded before it started: promotions are closed")
    event = Event.objects.get(reason="PromotionDiscarded")
    assert event.object_name == waiting.name
    assert AuditEvent.objects.filter(action="promotion.discard").count() == 1
    stage.refresh_from_db()
    assert stage.last_promotion is None


def test_automation_promotes_again_what_was_discarded(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")
    promotion = world.promote(stage, freight)
    Promotion.objects.filter(pk=promotion.pk).update(
        phase="Aborted", is_discarded=True, finished_at=read_clock()
    )
    Stage.objects.filter(pk=stage.pk).update(current_promotion=None)

    configure(world, automatic=True)
    world.settle()

    assert world.phases(stage) == [("a", "Aborted"), ("a", "Succeeded")]


def test_a_promotion_that_was_let_in_and_has_not_started_is_caught_too(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    promotion = world.promote(stage, world.freight("a"))

    configure(world, freeze(-HOUR, HOUR))
    world.reconcile(promotion)
    world.settle()

    promotion.refresh_from_db()
    stage.refresh_from_db()
    assert (promotion.phase, promotion.is_discarded) == ("Aborted", True)
    assert stage.current_promotion is None


def test_a_window_of_the_tenant_closes_the_projects_that_it_selects(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")
    window = freeze(-HOUR, HOUR, projectSelector={"name": "glob:de*"})
    world.settle()

    world.apply_content(
        {
            "apiVersion": "kargo.akuity.io/v1alpha1",
            "kind": "ClusterConfig",
            "metadata": {"name": "cluster"},
            "spec": {"promotionWindows": [window]},
        }
    )

    with pytest.raises(ForbiddenError, match='"freeze" of the tenant'):
        world.promote(stage, freight)
    world.settle()
    stage.refresh_from_db()
    assert stage.window_status is not None
    assert stage.window_status["closed"] is True


def test_a_freeze_that_is_over_is_no_hindrance(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    configure(world, freeze(-2 * HOUR, -HOUR))

    world.promote(stage, world.freight("a"))
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded")]


def test_a_window_that_makes_no_sense_is_refused_with_its_place(world: World) -> None:
    with pytest.raises(InvalidError) as caught:
        configure(world, {"name": "w", "kind": "Deny", "dtstart": "now", "rrule": "FREQ=SECONDLY"})

    assert [it.path for it in caught.value.problems] == [
        "spec.promotionWindows[0].dtstart",
        "spec.promotionWindows[0].dtend",
    ]


def test_a_project_does_not_select_projects(world: World) -> None:
    with pytest.raises(InvalidError, match="only for windows of the ClusterConfig"):
        configure(world, freeze(-HOUR, HOUR, projectSelector={"name": "demo"}))


def test_admission_asks_at_the_time_it_is_given(world: World) -> None:
    world.warehouse()
    stage = Stage.objects.select_related("project__tenant").get(pk=world.stage().pk)
    freight = world.freight("a")
    configure(world, freeze(HOUR, 2 * HOUR))

    with pytest.raises(ForbiddenError):
        create_promotion(stage, freight, actor=world.alice, now=read_clock() + 1.5 * HOUR)
    window_gate.refuse_closed(stage, now=read_clock())

"""Promotion requests in a Stage: their turn, automation, their end, and what is told of them."""

from datetime import timedelta

import pytest

from common.clock import now as read_clock
from common.errors import ConflictError, InvalidError
from promotions.manifests.writers import write_manifest
from promotions.models import Event, Promotion, PromotionRequest, Stage, Target, Work, WorkKind
from promotions.reconcilers.loop import LeaseLostError, claim
from promotions.selectors.eligibility import reasons_why_not
from promotions.services.promotion_requests import (
    abort_promotion_request,
    delete_promotion_request,
    retry_promotion_request,
)
from promotions.services.promotions import create_promotion
from promotions.services.stages import delete_stage
from promotions.services.targets import delete_target
from rbac.models import AuditEvent
from tests.functional.domain.fleets import (
    add_target,
    again,
    begin,
    fleet,
    fleet_stage,
    outcomes,
    request_for,
)
from tests.functional.domain.test_promotion_windows import HOUR, configure, freeze
from tests.functional.domain.world import SHARD, World

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------ one at a time
def test_a_stage_with_targets_accepts_no_plain_promotion(demo: World) -> None:
    stage = fleet_stage(demo)

    with pytest.raises(InvalidError, match="create a PromotionRequest instead"):
        create_promotion(stage, demo.freight(), actor=demo.alice, now=read_clock())


def test_the_next_request_waits_for_the_one_before_and_its_verification(demo: World) -> None:
    fleet(demo, 2)
    stage = fleet_stage(demo)

    requests = [request_for(demo, stage, demo.freight(commit)) for commit in ("1", "2")]
    demo.settle(passes=200)

    first, second = map(again, requests)
    assert (first.phase, second.phase) == ("Succeeded", "Succeeded")
    assert first.finished_at
    assert second.started_at
    assert first.finished_at <= second.started_at
    assert demo.held(stage) == {"main": "2"}


def test_what_a_request_brought_is_available_downstream(demo: World) -> None:
    fleet(demo, 2)
    fleet_stage(demo, name="test")
    demo.automate()
    prod = demo.stage("prod", sources={"stages": ["test"]})
    freight = demo.freight()

    demo.settle(passes=200)

    assert demo.held(prod) == {"main": "1"}
    assert PromotionRequest.objects.get().actor == "controller:stage-controller"
    assert freight.standings.filter(stage__name="test", verified_at__isnull=False).exists()


def test_a_worker_that_died_over_a_request_leaves_no_second_promotion(demo: World) -> None:
    fleet(demo, 3)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    demo.reconcile(stage)
    Work.objects.filter(uid=request.uid).update(due_at=read_clock())
    dead = claim(SHARD, owner="dead")
    assert dead is not None
    assert dead.uid == request.uid
    Work.objects.filter(uid=request.uid).update(lease_until=read_clock() - timedelta(hours=1))
    reconcile = demo.reconcilers[WorkKind.PROMOTION_REQUEST]

    heir = claim(SHARD, owner="heir")
    assert heir is not None
    reconcile(request.uid, lease=heir, now=read_clock())
    with pytest.raises(LeaseLostError):  # it was not dead but slow
        reconcile(request.uid, lease=dead, now=read_clock())
    reconcile(request.uid, lease=heir, now=read_clock())

    made = Promotion.objects.filter(request=request).order_by("name")
    assert [it.target_name for it in made] == ["t00", "t01", "t02"]


# ------------------------------------------------------------ automation
def test_automation_makes_one_request_and_no_other_after_a_failure(demo: World) -> None:
    fleet(demo, 1, broken=(0,))
    stage = fleet_stage(demo)
    demo.automate()
    demo.freight()

    demo.settle()
    demo.hasten(stage)

    assert [it.phase for it in PromotionRequest.objects.all()] == ["Failed"]


def test_a_persons_choice_holds_automation(demo: World) -> None:
    fleet(demo, 1)
    stage = fleet_stage(demo)
    older, _ = demo.freight("1"), demo.freight("2")
    demo.automate()

    request_for(demo, stage, older)
    demo.settle(passes=200)

    assert demo.held(stage) == {"main": "1"}
    assert PromotionRequest.objects.count() == 1


# ------------------------------------------------------------ ending it early, and again
def test_aborting_a_request_aborts_what_runs_and_begins_no_more(demo: World) -> None:
    fleet(demo, 4, waves=2)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    begin(demo)
    assert list(outcomes(request).values()) == ["Pending", "Pending", "", ""]

    abort_promotion_request(again(request), actor=demo.alice, reason="no", now=read_clock())
    demo.settle()

    found = again(request)
    assert (found.phase, found.message) == ("Failed", f"aborted by {demo.alice.name}")
    assert list(outcomes(request).values()) == ["Aborted", "Aborted", "", ""]
    assert Stage.objects.get(pk=stage.pk).current_request is None


def test_a_promotion_that_begins_while_its_request_is_aborted_never_runs(demo: World) -> None:
    fleet(demo, 1)
    request = request_for(demo, fleet_stage(demo))
    begin(demo)
    PromotionRequest.objects.filter(pk=request.pk).update(aborted_by="alice")

    demo.settle()

    assert outcomes(request) == {"t00": "Aborted"}
    assert again(request).phase == "Failed"


def test_a_waiting_request_can_be_aborted(demo: World) -> None:
    fleet(demo, 1)
    stage = fleet_stage(demo)
    first, second = (request_for(demo, stage, demo.freight(it)) for it in ("1", "2"))

    abort_promotion_request(second, actor=demo.alice, reason="", now=read_clock())
    demo.settle(passes=200)

    assert (again(first).phase, again(second).phase) == ("Succeeded", "Failed")


def test_failed_targets_can_be_tried_again(demo: World) -> None:
    fleet(demo, 3, broken=(1,))
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    demo.settle()
    add_target(demo, "t01")  # repaired

    retry = retry_promotion_request(again(request), actor=demo.alice, now=read_clock())
    demo.settle()

    assert outcomes(retry) == {"t01": "Succeeded"}
    assert again(retry).phase == "Succeeded"
    assert demo.held(stage) == {"main": "1"}
    with pytest.raises(ConflictError, match="has a newer promotion request"):
        retry_promotion_request(again(request), actor=demo.alice, now=read_clock())
    with pytest.raises(ConflictError, match="Every target"):
        retry_promotion_request(again(retry), actor=demo.alice, now=read_clock())


def test_deleting_a_request_deletes_its_promotions_and_frees_the_stage(demo: World) -> None:
    fleet(demo, 2)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    begin(demo)

    delete_promotion_request(again(request), actor=demo.alice, now=read_clock())
    later = request_for(demo, stage, demo.freight("2"))
    demo.settle(passes=200)

    assert not Promotion.objects.filter(request=request).exists()
    assert again(later).phase == "Succeeded"


def test_deleting_a_stage_deletes_its_requests(demo: World) -> None:
    fleet(demo, 2)
    fleet_stage(demo)
    request_for(demo, Stage.objects.get())
    begin(demo)

    stage = Stage.objects.select_related("project__tenant").get()
    delete_stage(stage, actor=demo.alice, now=read_clock())
    demo.settle()

    assert not PromotionRequest.objects.exists()
    assert not Promotion.objects.exists()


# ------------------------------------------------------------ what is told
def test_a_request_and_its_promotions_look_as_kargo_writes_them(demo: World) -> None:
    fleet(demo, 2, broken=(1,))
    stage = fleet_stage(demo)
    request = request_for(demo, stage)

    demo.settle()

    written = write_manifest(again(request))
    child = Promotion.objects.get(request=request, target_name="t00")
    assert request.name.startswith("prod.01")
    assert child.name.startswith("prod.t00.01")
    assert written["metadata"]["ownerReferences"][0]["kind"] == "Stage"
    assert written["status"]["summary"] == {"succeeded": 1, "failed": 1}
    assert written["status"]["targets"][0] == {
        "name": "t00",
        "promotion": child.name,
        "phase": "Succeeded",
    }
    owner = write_manifest(child)
    assert owner["spec"]["target"] == "t00"
    assert owner["metadata"]["ownerReferences"][0]["kind"] == "PromotionRequest"
    stage.refresh_from_db()
    last = write_manifest(stage)["status"]["lastPromotionRequest"]
    assert (last["name"], last["phase"]) == (request.name, "Failed")


def test_a_stage_without_targets_shows_none_of_their_keys(demo: World) -> None:
    stage = demo.stage("test")
    promotion = demo.promote(stage, demo.freight())
    demo.settle()
    stage.refresh_from_db()
    promotion.refresh_from_db()

    text = str(write_manifest(stage)) + str(write_manifest(promotion))

    assert "target'" not in text
    assert "PromotionRequest" not in text


def test_events_and_audit_tell_of_a_request(demo: World) -> None:
    fleet(demo, 1)
    request = request_for(demo, fleet_stage(demo))
    demo.settle()

    reasons = Event.objects.filter(object_uid=request.uid).order_by("pk")
    acts = AuditEvent.objects.filter(object_uid=request.uid)

    assert list(reasons.values_list("reason", flat=True)) == [
        "PromotionRequestCreated",
        "PromotionRequestSucceeded",
    ]
    assert list(acts.values_list("action", flat=True)) == ["promotion_request.create"]


def test_a_pause_puts_the_next_wave_off(demo: World) -> None:
    fleet(demo, 2, waves=2)
    request = request_for(demo, fleet_stage(demo, rollout="pauseBetweenWaves: 1h"))

    demo.settle()

    found = again(request)
    assert found.message.startswith('wave 2 ("2") of 2 begins in ')
    assert outcomes(request) == {"t00": "Succeeded", "t01": ""}
    assert timedelta(minutes=59) < _due_in(found) <= timedelta(hours=1)


def _due_in(request: PromotionRequest) -> timedelta:
    due_at = Work.objects.get(uid=request.uid).due_at
    assert due_at is not None
    return due_at - read_clock()


def test_what_waits_behind_a_request_says_so(demo: World) -> None:
    fleet(demo, 1)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    other = demo.freight("2")
    begin(demo)

    stage = Stage.objects.select_related("project__tenant", "current_request").get(pk=stage.pk)
    why = [str(it.code) for it in reasons_why_not(stage, other, now=read_clock())]

    assert request.name
    assert "promotion-running" in why


def test_no_wave_begins_while_a_window_is_closed(demo: World) -> None:
    fleet(demo, 2, waves=2)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    begin(demo)
    demo.reconcile(Promotion.objects.get(request=request))
    configure(demo, freeze(-HOUR, HOUR))

    demo.settle()
    frozen, begun = again(request), outcomes(request)
    configure(demo, freeze(-2 * HOUR, -HOUR))
    Work.objects.filter(uid=request.uid).update(due_at=read_clock())
    demo.settle()

    assert frozen.phase == "Running"
    assert "no target begins" in frozen.message
    assert begun == {"t00": "Succeeded", "t01": ""}
    assert again(request).phase == "Succeeded"


def test_a_stage_that_promotes_to_targets_no_longer_ends_its_request(demo: World) -> None:
    fleet(demo, 2, waves=2)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    begin(demo)
    spec = {key: it for key, it in stage.spec.items() if key != "targets"}
    Stage.objects.filter(pk=stage.pk).update(spec=spec)

    demo.settle()

    assert again(request).phase == "Errored"
    assert outcomes(request) == {"t00": "Succeeded", "t01": ""}


def test_targets_that_are_gone_are_not_tried_again_and_named(demo: World) -> None:
    fleet(demo, 2, broken=(1,))
    request = request_for(demo, fleet_stage(demo))
    demo.settle()
    delete_target(Target.objects.get(name="t01"), actor=demo.alice, now=read_clock())

    with pytest.raises(ConflictError, match="no longer exist: t01"):
        retry_promotion_request(again(request), actor=demo.alice, now=read_clock())

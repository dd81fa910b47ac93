"""Rules of the Stage loop that show over several passes: what is kept, inherited, forgotten."""

from datetime import timedelta
from typing import Any

import pytest

from common.clock import now as read_clock
from common.jsontypes import JSONObject, JSONValue
from projects.models import Quota
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.manifests.stage import to_manifest
from promotions.models import (
    AnalysisRun,
    AutoPromotionHold,
    Promotion,
    SlotWait,
    Stage,
    StageFreight,
    Verification,
    Work,
    WorkKind,
)
from promotions.selectors.availability import candidates_of
from promotions.selectors.occupancy import holds_in_effect
from promotions.services.freight import approve_freight
from promotions.services.promotions import abort_promotion
from promotions.services.stages import delete_stage
from promotions.services.standings import mark_verified, sync_presence
from promotions.services.verifications import abort_verification
from tests.functional.analysis.scenes import template, verifying, web
from tests.functional.domain.fleets import fleet, fleet_stage, request_for
from tests.functional.domain.world import World, condition, short, words

pytestmark = pytest.mark.django_db

SCRIPTED: JSONValue = {"uses": "scripted", "as": "it"}
NO = StepError("no", failed=True, terminal=True)
WAITING = StepResult(StepStatus.RUNNING)
HOUR = timedelta(hours=1)


def stored(stage: Stage) -> Stage:
    return Stage.objects.select_related("project__tenant").get(pk=stage.pk)


def status(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = to_manifest(stored(stage))["status"]
    return found


# ------------------------------------------------------------ what a Stage shows
def test_the_summary_of_freight_counts_origins(world: World) -> None:
    for name in ("app", "config"):
        world.warehouse(name)
    stage = world.stage(warehouses=("app", "config"))
    world.settle()
    summaries = [status(stage)["freightSummary"]]

    for name in ("app", "config"):
        world.promote(stage, world.freight("a", warehouse=name))
        world.settle()
        summaries.append(status(stage)["freightSummary"])

    assert summaries == ["0/2 Fulfilled", "1/2 Fulfilled", "2/2 Fulfilled"]


def test_one_origin_is_summarised_by_the_name_of_its_freight(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")
    world.promote(stage, freight)
    world.settle()

    assert status(stage)["freightSummary"] == freight.name


def test_promoting_says_that_the_promotion_runs_once_it_does(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    promotion = world.promote(stage, world.freight("a"))
    world.reconcile(stage)
    before = words(stage, "Promoting")

    world.reconcile(promotion)
    due_in = world.due_in(stage)
    world.hasten(stage)

    assert before == f'Promotion "{promotion.name}" is currently Pending'
    assert due_in is not None
    assert due_in <= timedelta(seconds=1)
    assert words(stage, "Promoting") == f'Promotion "{promotion.name}" is currently Running'
    assert words(stage, "Ready") == words(stage, "Promoting")


def test_an_error_that_is_over_is_no_longer_to_be_retried(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage("test", {"task": {"name": "release"}, "as": "release"})
    world.freight("a")
    world.settle()
    failed = condition(stage, "Reconciling")
    world.steps.script = [WAITING]

    world.apply("PromotionTask", "release", spec={"steps": [SCRIPTED]})
    world.settle()

    assert failed == ("True", "RetryAfterError")
    assert condition(stage, "Ready") == ("False", "ActivePromotion")
    assert condition(stage, "Reconciling") == ("", "")


# ------------------------------------------------------------ several origins
@pytest.mark.parametrize(("is_aborted", "app"), [(False, "b"), (True, "a")])
def test_a_promotion_starts_from_what_the_last_one_was_to_leave(
    world: World, app: str, *, is_aborted: bool
) -> None:
    for name in ("app", "config"):
        world.warehouse(name)
    stage = world.stage("test", SCRIPTED, warehouses=("app", "config"))
    for name, commit in (("app", "a"), ("config", "c")):
        world.promote(stage, world.freight(commit, warehouse=name))
        world.settle()

    last = world.promote(stage, world.freight("b", warehouse="app"))
    if is_aborted:  # before it started: it never came to have anything to leave
        abort_promotion(last, actor=world.alice, reason="", now=read_clock())
    else:  # after it started, whatever became of it
        world.steps.script = [NO]
    world.settle()
    world.promote(stage, world.freight("d", warehouse="config"))
    world.settle()

    assert [it.phase for it in world.promotions(stage)][2] == (
        "Aborted" if is_aborted else "Failed"
    )
    assert world.held(stage) == {"app": app, "config": "d"}


def test_following_upstream_takes_what_is_there_now(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    following: JSONObject = {
        "stages": ["test"],
        "autoPromotionOptions": {"selectionPolicy": "MatchUpstream"},
    }
    prod = world.stage("prod", sources=following)
    old, new = world.freight("a"), world.freight("b")
    for freight in (new, old):  # old is what it holds in the end
        world.promote(test, freight)
        world.settle()
    candidate = candidates_of(stored(prod), now=read_clock())
    StageFreight.objects.filter(stage=test, freight=new).update(current_since=read_clock())

    assert {origin: short(it) for origin, it in candidate.items()} == {"Warehouse/main": "a"}
    assert candidates_of(stored(prod), now=read_clock()) == {}  # both: who knows which


def test_who_follows_upstream_goes_back_with_it_at_once(world: World) -> None:
    world.warehouse()
    world.automate({"stageSelector": {"name": "prod"}, "autoPromotionEnabled": True})
    following: JSONObject = {
        "stages": ["test"],
        "autoPromotionOptions": {"selectionPolicy": "MatchUpstream"},
    }
    test, prod = world.stage("test"), world.stage("prod", sources=following)
    old, new = world.freight("a"), world.freight("b")

    for freight in (old, new, old):
        world.promote(test, freight)
        world.settle()

    assert world.held(prod) == {"main": "a"}


# ------------------------------------------------------------ standings
@pytest.mark.parametrize(
    ("before", "stayed", "is_verified", "after"),
    [
        (None, HOUR, True, HOUR),
        (HOUR / 2, HOUR, True, HOUR),
        (HOUR * 2, HOUR, True, HOUR * 2),
        (None, HOUR, False, None),
        (None, -HOUR, True, None),
    ],
)
def test_freight_that_leaves_keeps_the_longest_stay_if_it_was_verified(
    world: World,
    before: timedelta | None,
    stayed: timedelta,
    after: timedelta | None,
    *,
    is_verified: bool,
) -> None:
    world.warehouse()
    stage, freight = stored(world.stage()), world.freight("a")
    now = read_clock()
    StageFreight.objects.create(
        stage=stage,
        freight=freight,
        current_since=now - stayed,
        verified_at=now if is_verified else None,
        longest_soak=before,
    )

    sync_presence(stage, [], now=now)

    left = freight.standings.get()
    assert (left.current_since, left.longest_soak) == (None, after)


def test_freight_is_verified_and_enters_once(world: World) -> None:
    world.warehouse()
    stage, freight = stored(world.stage()), world.freight("a")
    first, later = read_clock(), read_clock() + HOUR

    for at in (first, later):
        sync_presence(stage, [freight], now=at)
        mark_verified(stage, [freight], at=at)

    standing = freight.standings.get()
    assert (standing.current_since, standing.verified_at) == (first, first)


def test_a_deleted_stage_verified_and_was_approved_nothing_but_held_what_it_held(
    world: World,
) -> None:
    world.warehouse()
    stage = world.stage()
    held, approved = world.freight("a"), world.freight("b")
    world.promote(stage, held)
    world.settle()
    approve_freight(approved, stored(stage), actor=world.alice, now=read_clock())

    delete_stage(stored(stage), actor=world.alice, now=read_clock())

    rows = StageFreight.objects.filter(stage=stage)
    assert not rows.filter(verified_at__isnull=False).exists()
    assert not rows.filter(approved_at__isnull=False).exists()
    assert rows.get(freight=held).current_since is not None


# ------------------------------------------------------------ verification
def being_verified(world: World) -> Stage:
    """Return a Stage with a verification under way whose analysis run nobody carries out."""
    world.warehouse()
    template(world, web("https://metrics.example.com/health"))
    stage = world.stage(**verifying())
    promotion = world.promote(stage, world.freight("a"))
    for row in (promotion, stage):
        world.reconcile(row)
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).delete()
    return stage


@pytest.mark.parametrize("form", ["{id}", '{{"id": "{id}", "actor": "admin"}}'])
def test_an_annotation_ends_a_verification_and_whoever_writes_it_is_its_actor(
    world: World, form: str
) -> None:
    stage = being_verified(world)
    verification = Verification.objects.get()
    metadata: JSONObject = {
        "name": stage.name,
        "namespace": "demo",
        "annotations": {"kargo.akuity.io/abort": form.format(id=verification.uid)},
    }

    world.apply_content({**to_manifest(stored(stage)), "metadata": metadata})
    world.settle()

    verification.refresh_from_db()
    assert (verification.phase, verification.actor) == ("Failed", world.alice.name)
    assert verification.message == "Verification aborted by user"
    assert AnalysisRun.objects.get().spec["terminate"] is True


def test_a_verification_whose_run_is_gone_ends_in_error_when_it_is_aborted(world: World) -> None:
    stage = being_verified(world)
    run = AnalysisRun.objects.get()
    AnalysisRun.objects.filter(pk=run.pk).update(deleted_at=read_clock())

    abort_verification(stored(stage), actor=world.alice, now=read_clock())
    world.settle()

    verification = Verification.objects.get()
    missing = f'"{run.name}" in namespace "demo": analysisruns.argoproj.io "{run.name}" not found'
    assert verification.phase == "Error"
    assert verification.message == f"error terminating AnalysisRun {missing}"
    assert verification.actor == world.alice.name
    assert condition(stage, "Verified") == ("False", "VerificationError")


# ------------------------------------------------------------ holds
def test_a_request_holds_its_origin_from_the_moment_it_is_created(world: World) -> None:
    world.warehouse()
    world.automate()
    fleet(world, 1)
    stages = [fleet_stage(world, name=name) for name in ("east", "west")]
    old, _ = world.freight("a"), world.freight("b")

    request = request_for(world, stages[0], old)

    rows = [stored(stage) for stage in stages]
    origins = {row.pk: frozenset({"Warehouse/main"}) for row in rows}
    found = holds_in_effect(rows, origins=origins)
    assert {origin: hold.promotion for origin, hold in found[rows[0].pk].items()} == {
        "Warehouse/main": request.name
    }
    assert found[rows[1].pk] == {}


# ------------------------------------------------------------ control flow, and back
def test_a_stage_that_loses_its_steps_forgets_what_only_steps_bring(world: World) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage()
    old, _ = world.freight("a"), world.freight("b")
    world.promote(stage, old)
    world.settle()
    assert AutoPromotionHold.objects.filter(stage=stage).count() == 1

    stage = world.stage(promotionTemplate=None)
    world.settle()

    shown = status(stage)
    assert set(shown) <= {"conditions", "freightSummary", "observedGeneration", "metadata"}
    assert shown["freightSummary"] == "N/A"
    assert [(it["type"], it["status"], it["reason"]) for it in shown["conditions"]] == [
        ("Ready", "True", "Ready")
    ]
    assert not AutoPromotionHold.objects.filter(stage=stage).exists()
    assert StageFreight.objects.filter(stage=stage, verified_at__isnull=False).count() == 2


def test_a_stage_that_gets_steps_again_goes_on_from_what_it_held_and_holds_nothing_back(
    world: World,
) -> None:
    world.warehouse()
    world.automate()
    stage = world.stage()
    old, _ = world.freight("a"), world.freight("b")
    world.promote(stage, old)
    world.settle()
    world.stage(promotionTemplate=None)
    world.settle()

    stage = world.stage()
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Succeeded")]
    assert world.held(stage) == {"main": "b"}


@pytest.mark.parametrize("is_deleted", [True, False])
def test_who_waits_for_room_and_has_nothing_to_start_any_more_leaves_the_line(
    world: World, *, is_deleted: bool
) -> None:
    world.warehouse()
    Quota.objects.update_or_create(
        tenant=world.project.tenant, defaults={"max_concurrent_promotions": 1}
    )
    freight = world.freight("a")
    running, waiting = (world.stage(it, SCRIPTED) for it in ("running", "waiting"))
    world.steps.script = [WAITING]
    for stage in (running, waiting):
        world.promote(stage, freight)
        world.settle()
    assert SlotWait.objects.filter(stage=waiting).exists()

    if is_deleted:
        delete_stage(stored(waiting), actor=world.alice, now=read_clock())
    else:
        world.stage("waiting", promotionTemplate=None)
    world.settle()

    assert not SlotWait.objects.exists()
    assert Promotion.objects.get(stage=running).phase == "Running"

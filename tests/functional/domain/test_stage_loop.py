"""One Stage: its queue, what it holds, its health and verification, its conditions."""

from datetime import timedelta
from itertools import pairwise

from common.clock import now as read_clock
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.models import FreightCollection, Promotion, Stage, Verification
from promotions.services.promotions import abort_promotion, create_promotion
from promotions.services.stages import delete_stage
from tests.functional.domain.world import World, condition, words

WAITING = StepResult(StepStatus.RUNNING)
SCRIPTED = {"uses": "scripted", "as": "it"}


def test_a_stage_without_freight_says_so(world: World) -> None:
    world.warehouse()

    stage = world.stage()
    world.settle()

    assert condition(stage, "Healthy") == ("Unknown", "NoFreight")
    assert condition(stage, "Verified") == ("Unknown", "NoFreight")
    assert condition(stage, "Ready") == ("False", "NoFreight")
    assert stage.health is None


def test_a_promotion_runs_and_its_freight_is_verified(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")

    world.promote(stage, freight)
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded")]
    assert world.held(stage) == {"main": "a"}
    assert condition(stage, "Ready") == ("True", "Verified")
    assert condition(stage, "Healthy") == ("True", "Healthy")
    assert condition(stage, "Promoting") == ("", "")
    assert stage.observed_generation == stage.generation
    standing = freight.standings.get(stage=stage)
    assert standing.verified_at is not None
    assert standing.current_since is not None


def test_promotions_of_a_stage_run_one_at_a_time_and_in_order(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freights = [world.freight(commit) for commit in "abc"]
    for freight in freights:
        world.promote(stage, freight)

    world.settle()

    assert world.phases(stage) == [(it, "Succeeded") for it in "abc"]
    rows = world.promotions(stage)
    for earlier, later in pairwise(rows):
        assert earlier.finished_at is not None
        assert later.started_at is not None
        assert earlier.finished_at <= later.started_at
    assert world.held(stage) == {"main": "c"}
    history = FreightCollection.objects.filter(stage=stage).order_by("pk")
    assert [it.promotion_id for it in history] == [it.pk for it in rows]


def test_a_waiting_promotion_does_not_start_while_another_runs(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    first = world.promote(stage, world.freight("a"))
    world.settle()

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("a", "Running"), ("b", "Pending")]
    assert condition(stage, "Promoting") == ("True", "ActivePromotion")
    assert first.name in words(stage, "Promoting")
    assert condition(stage, "Ready") == ("False", "ActivePromotion")
    assert condition(stage, "Healthy") == ("Unknown", "ActivePromotion")


def test_stages_do_not_wait_for_each_others_promotions(world: World) -> None:
    world.warehouse()
    busy = world.stage("busy", SCRIPTED)
    idle = world.stage("idle")
    freight = world.freight("a")
    world.steps.script = [WAITING]

    world.promote(busy, freight)
    world.promote(idle, freight)
    world.settle()

    assert world.phases(busy) == [("a", "Running")]
    assert world.phases(idle) == [("a", "Succeeded")]


def test_a_failed_promotion_leaves_the_stage_with_what_it_had(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.promote(stage, world.freight("a"))
    world.settle()
    world.steps.script = [StepError("the world said no", failed=True, terminal=True)]

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Failed")]
    assert world.held(stage) == {"main": "a"}
    assert condition(stage, "Ready") == ("False", "LastPromotionFailed")
    assert condition(stage, "Healthy") == ("Unknown", "LastPromotionFailed")
    assert condition(stage, "Verified") == ("True", "Verified")


def test_a_promotion_after_a_failed_one_starts_and_cures_the_stage(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [StepError("no", terminal=True)]
    world.promote(stage, world.freight("a"))
    world.settle()

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("a", "Errored"), ("b", "Succeeded")]
    assert condition(stage, "Ready") == ("True", "Verified")


def test_a_promotion_aborted_while_it_waits_neither_blocks_nor_gets_lost(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    running = world.promote(stage, world.freight("a"))
    world.settle()
    waiting = world.promote(stage, world.freight("b"))
    world.promote(stage, world.freight("c"))

    abort_promotion(waiting, actor=world.alice, reason="wrong one", now=read_clock())
    world.hasten(running)

    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Aborted"), ("c", "Succeeded")]
    assert world.held(stage) == {"main": "c"}
    assert waiting.started_at is None


def test_a_promotion_aborted_before_it_starts_leaves_what_the_stage_holds(
    world: World,
) -> None:
    world.warehouse()
    stage = world.stage()
    world.promote(stage, world.freight("a"))
    world.settle()

    waiting = world.promote(stage, world.freight("b"))
    abort_promotion(waiting, actor=world.alice, reason="", now=read_clock())
    world.settle()

    assert world.held(stage) == {"main": "a"}
    assert condition(stage, "Ready") == ("False", "LastPromotionAborted")


def test_a_promotion_goes_straight_to_the_workers_if_nothing_is_before_it(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    first = world.promote(stage, world.freight("a"))

    second = world.promote(stage, world.freight("b"))

    stage.refresh_from_db()
    assert stage.current_promotion == first
    assert world.due_in(first) is not None
    assert world.due_in(second) is None


def test_a_promotion_waits_while_what_is_there_is_being_verified(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.promote(stage, world.freight("a"))
    world.settle()
    Verification.objects.update(phase="Running", finished_at=None)

    world.promote(stage, world.freight("b"))

    stage.refresh_from_db()
    assert stage.current_promotion is None


def test_a_current_promotion_that_is_deleted_does_not_block_the_stage(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    running = world.promote(stage, world.freight("a"))
    world.settle()
    Promotion.objects.filter(pk=running.pk).update(deleted_at=read_clock())

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("b", "Succeeded")]
    assert world.held(stage) == {"main": "b"}


def test_a_current_promotion_whose_row_is_gone_does_not_block_the_stage(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    running = world.promote(stage, world.freight("a"))
    world.settle()
    Promotion.objects.filter(pk=running.pk).delete()

    world.promote(stage, world.freight("b"))
    world.settle()

    assert world.phases(stage) == [("b", "Succeeded")]


def test_a_promotion_made_on_a_host_whose_clock_is_behind_is_not_overlooked(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.promote(stage, world.freight("a"))
    world.settle()
    stage.refresh_from_db()

    early = read_clock() - timedelta(hours=1)
    late = create_promotion(stage, world.freight("b"), actor=world.alice, now=early)
    world.settle()

    assert stage.last_promotion is not None
    assert late.name > stage.last_promotion.name
    assert world.held(stage) == {"main": "b"}


def test_freight_that_is_promoted_again_is_verified_again(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    freight = world.freight("a")

    for _ in range(2):
        world.promote(stage, freight)
        world.settle()

    assert FreightCollection.objects.filter(stage=stage).count() == 2
    assert Verification.objects.filter(phase="Successful").count() == 2
    assert freight.standings.get(stage=stage).current_since is not None


def test_freight_that_leaves_a_stage_keeps_its_longest_soak(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    first, second = world.freight("a"), world.freight("b")
    world.promote(stage, first)
    world.settle()
    entered = read_clock() - timedelta(hours=2)
    first.standings.update(current_since=entered)

    world.promote(stage, second)
    world.settle()

    left = first.standings.get(stage=stage)
    assert left.current_since is None
    assert left.longest_soak is not None
    assert left.longest_soak >= timedelta(hours=2)


def test_a_stage_whose_template_is_missing_says_so_and_takes_other_freight(world: World) -> None:
    world.warehouse()
    stage = world.stage(verification={"analysisTemplates": [{"name": "smoke"}]})
    freight = world.freight("a")
    world.promote(stage, freight)
    world.settle()

    assert condition(stage, "Verified") == ("False", "VerificationError")
    missing = 'AnalysisTemplate "smoke" in namespace "demo" not found'
    assert missing in words(stage, "Verified")
    assert missing in words(stage, "Ready")
    assert freight.standings.get(stage=stage).verified_at is None
    world.promote(stage, world.freight("b"))
    world.settle()
    assert world.held(stage) == {"main": "b"}


def test_the_next_promotion_waits_while_a_verification_runs(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.promote(stage, world.freight("a"))
    world.settle()
    Verification.objects.update(phase="Running", finished_at=None)

    world.promote(stage, world.freight("b"))
    world.settle()
    before = world.phases(stage)
    Verification.objects.update(phase="Failed", finished_at=read_clock())
    world.hasten(stage)

    assert before == [("a", "Succeeded"), ("b", "Pending")]
    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Succeeded")]


def test_a_deleted_stage_aborts_what_runs_and_is_not_reconciled(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", SCRIPTED)
    world.steps.script = [WAITING]
    running = world.promote(stage, world.freight("a"))
    world.settle()
    workdir = world.work_dir / f"promotion-{running.uid}"
    assert workdir.is_dir()

    delete_stage(Stage.objects.get(pk=stage.pk), actor=world.alice, now=read_clock())
    world.settle()

    running = Promotion.everything.get(pk=running.pk)
    assert running.phase == "Aborted"
    assert not workdir.exists()


def test_a_stage_resyncs_every_five_minutes(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.settle()

    assert world.reconcile(stage) == timedelta(minutes=5)


def test_each_origin_of_a_stage_is_promoted_by_itself(world: World) -> None:
    world.warehouse("app")
    world.warehouse("config")
    stage = world.stage(warehouses=("app", "config"))
    app = [world.freight(it, warehouse="app") for it in "ab"]
    config = world.freight("c", warehouse="config")

    world.promote(stage, app[0])
    world.promote(stage, config)
    world.promote(stage, app[1])
    world.settle()

    assert world.held(stage) == {"app": "b", "config": "c"}
    rows = world.promotions(stage)
    assert [sorted(row.freight_collection) for row in rows] == [
        ["Warehouse/app"],
        ["Warehouse/app", "Warehouse/config"],
        ["Warehouse/app", "Warehouse/config"],
    ]


def test_an_origin_that_is_no_longer_requested_is_not_held_on_to(world: World) -> None:
    world.warehouse("app")
    world.warehouse("config")
    world.warehouse("extra")
    stage = world.stage(warehouses=("app", "config"))
    world.promote(stage, world.freight("a", warehouse="app"))
    world.promote(stage, world.freight("c", warehouse="config"))
    world.settle()

    world.stage(warehouses=("app", "extra"))
    world.promote(stage, world.freight("b", warehouse="app"))
    world.settle()

    assert world.held(stage) == {"app": "b"}

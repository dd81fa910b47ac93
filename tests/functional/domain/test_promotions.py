"""One promotion: its steps, its work directory, its end."""

from datetime import timedelta
from pathlib import Path

import pytest

from common.clock import now as read_clock
from common.errors import InvalidError, UpstreamError
from common.jsontypes import JSONObject, JSONValue
from common.locks import directory_lock
from promotions.engine.runner import StepContext, StepError, StepResult, StepStatus
from promotions.models import Promotion, StepExecution
from promotions.services.freight import delete_freight
from promotions.services.promotions import abort_promotion, refresh_promotion
from tests.fakes.oci_registry import Answer, Asked, scripted_server
from tests.functional.domain.world import World, steps_of

SCRIPTED: JSONObject = {"uses": "scripted", "as": "it"}
OUTPUT: JSONObject = {"uses": "compose-output", "as": "after", "config": {"one": 1}}
WAITING = StepResult(StepStatus.RUNNING, "still at it")


def promoted(world: World, *steps: JSONValue) -> Promotion:
    """Promote new Freight to a new Stage with these steps, as far as it goes now."""
    world.warehouse()
    stage = world.stage("test", *steps)
    promotion = world.promote(stage, world.freight("a"))
    world.settle()
    promotion.refresh_from_db()
    return promotion


def workdir_of(world: World, promotion: Promotion) -> Path:
    return world.work_dir / f"promotion-{promotion.uid}"


# ---------------------------------------------------------------- steps
def test_tasks_are_inflated_when_the_promotion_is_created(world: World) -> None:
    world.warehouse()
    task: JSONValue = {
        "vars": [{"name": "word", "value": "hello"}, {"name": "who"}],
        "steps": [
            {
                "uses": "compose-output",
                "as": "say",
                "config": {"said": "${{ vars.word }} ${{ vars.who }}"},
            }
        ],
    }
    world.apply("PromotionTask", "greet", spec=task)
    step: JSONValue = {
        "task": {"name": "greet"},
        "as": "first",
        "vars": [{"name": "who", "value": "${{ ctx.stage }}"}],
    }
    stage = world.stage("test", step)
    promotion = world.promote(stage, world.freight("a"))

    world.apply("PromotionTask", "greet", spec={"steps": [{"uses": "fail"}]})
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"
    assert steps_of(promotion) == [("first::say", "Succeeded")]
    assert promotion.state["first::say"] == {"said": "hello test"}


def test_a_task_variable_that_nobody_sets_refuses_the_promotion(world: World) -> None:
    world.warehouse()
    world.apply(
        "PromotionTask", "greet", spec={"vars": [{"name": "who"}], "steps": [dict(SCRIPTED)]}
    )
    stage = world.stage("test", {"task": {"name": "greet"}, "as": "first"})

    with pytest.raises(InvalidError, match="who"):
        world.promote(stage, world.freight("a"))


def test_a_failed_step_skips_those_after_it_but_for_the_ones_that_ask(world: World) -> None:
    world.steps.script = [StepError("broken", terminal=True)]

    promotion = promoted(
        world,
        SCRIPTED,
        OUTPUT,
        {**OUTPUT, "as": "mourn", "if": "${{ failure() }}"},
        {**OUTPUT, "as": "never", "if": "${{ success() }}"},
        {**OUTPUT, "as": "always", "if": "${{ always() }}"},
    )

    assert promotion.phase == "Errored"
    assert "broken" in promotion.message
    assert steps_of(promotion) == [
        ("it", "Errored"),
        ("after", "Skipped"),
        ("mourn", "Succeeded"),
        ("never", "Skipped"),
        ("always", "Succeeded"),
    ]


def test_a_step_that_may_fail_does_not_fail_the_promotion(world: World) -> None:
    world.steps.script = [StepError("broken", failed=True, terminal=True)]

    promotion = promoted(world, {**SCRIPTED, "continueOnError": True}, OUTPUT)

    assert promotion.phase == "Succeeded"
    assert steps_of(promotion) == [("it", "Failed"), ("after", "Succeeded")]


def test_later_steps_see_what_earlier_ones_put_out(world: World) -> None:
    world.steps.script = [StepResult(output={"commit": "abc"})]

    promotion = promoted(
        world,
        SCRIPTED,
        {"uses": "compose-output", "as": "it-too", "config": {"got": "${{ outputs.it.commit }}"}},
    )

    assert promotion.state == {"it": {"commit": "abc"}, "it-too": {"got": "abc"}}


def test_a_condition_that_is_no_boolean_is_an_error_in_words(world: World) -> None:
    promotion = promoted(world, {**OUTPUT, "if": "${{ ctx.stage }}"})

    assert promotion.phase == "Errored"
    assert 'if step "after" should be skipped' in promotion.message


def test_a_step_kind_that_is_not_there_is_an_error_in_words(world: World) -> None:
    promotion = promoted(world, {"uses": "git-clonee", "as": "it"})

    assert promotion.phase == "Errored"
    assert 'did you mean "git-clone"' in promotion.message


def test_configuration_that_breaks_the_schema_fails_in_words(world: World) -> None:
    promotion = promoted(world, {"uses": "copy", "as": "it", "config": {"inPath": "x"}})

    assert promotion.phase == "Failed"
    assert "outPath" in promotion.message


# ---------------------------------------------------------------- retries and time
def test_a_failing_step_is_tried_again_up_to_its_threshold(world: World) -> None:
    world.steps.script = [StepError(f"attempt {attempt}") for attempt in (1, 2, 3)]

    promotion = promoted(world, {**SCRIPTED, "retry": {"errorThreshold": 3}})
    first = promotion.message
    waits = world.due_in(promotion)
    world.hasten(promotion)
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert "attempt 1; step will be retried" in first
    assert waits is not None
    assert timedelta(0) < waits <= timedelta(seconds=1)
    assert promotion.phase == "Errored"
    assert "met error threshold of 3" in promotion.message
    assert "attempt 3" in promotion.message


def test_a_step_that_recovers_within_its_threshold_succeeds(world: World) -> None:
    world.steps.script = [StepError("not yet"), UpstreamError("down", retryable=True)]

    promotion = promoted(world, {**SCRIPTED, "retry": {"errorThreshold": 3}})
    world.hasten(promotion)
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"
    assert promotion.message == ""


def test_a_step_that_takes_too_long_times_out(world: World) -> None:
    world.steps.script = [WAITING, WAITING, WAITING]

    promotion = promoted(world, {**SCRIPTED, "retry": {"timeout": "1m"}})
    waits = world.due_in(promotion)
    world.ahead = timedelta(seconds=61)
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert waits is not None
    assert waits <= timedelta(minutes=1)
    assert promotion.phase == "Errored"
    assert 'step "it" timed out after 1m0s' in promotion.message


def test_a_step_that_waits_holds_no_worker_and_is_asked_again(world: World) -> None:
    world.steps.script = [StepResult(StepStatus.RUNNING, "busy", retry_after=timedelta(minutes=1))]

    promotion = promoted(world, SCRIPTED)
    waits = world.due_in(promotion)
    world.hasten(promotion)

    assert promotion.phase == "Running"
    assert promotion.message == "busy"
    assert waits is not None
    assert timedelta(seconds=50) < waits <= timedelta(minutes=1)
    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"


def test_the_http_step_polls_until_the_answer_is_there(world: World) -> None:
    answers = [b'{"state": "busy"}', b'{"state": "done", "id": 7}']

    def script(asked: Asked) -> Answer:
        return Answer(body=answers.pop(0), headers={"Content-Type": "application/json"})

    with scripted_server(script) as server:
        step: JSONValue = {
            "uses": "http",
            "as": "ask",
            "config": {
                "url": f"http://{server.host}/job",
                "successExpression": "response.body.state == 'done'",
                "failureExpression": "response.body.state == 'broken'",
                "outputs": [{"name": "id", "fromExpression": "response.body.id"}],
            },
        }
        promotion = promoted(world, step)
        phase, waits = promotion.phase, world.due_in(promotion)
        world.hasten(promotion)

    promotion.refresh_from_db()
    assert phase == "Running"
    assert waits is not None
    assert timedelta(seconds=20) < waits <= timedelta(seconds=30)
    assert promotion.phase == "Succeeded"
    assert promotion.state["ask"] == {"id": 7}


def test_a_refresh_asks_a_waiting_step_again_at_once(world: World) -> None:
    world.steps.script = [WAITING]
    promotion = promoted(world, SCRIPTED)

    refresh_promotion(promotion, actor=world.alice, now=read_clock())
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"
    assert promotion.handled_refresh == promotion.refresh_token != ""


def test_a_step_that_panics_ends_the_promotion_and_nothing_else(world: World) -> None:
    world.steps.script = [RuntimeError("boom")]

    promotion = promoted(world, SCRIPTED)

    assert promotion.phase == "Errored"
    assert "step panicked: boom" in promotion.message
    assert world.work_error(promotion) == ""


# ---------------------------------------------------------------- abort
def test_a_promotion_aborted_while_it_waits_for_a_step_ends_at_once(world: World) -> None:
    world.steps.script = [WAITING]
    promotion = promoted(world, SCRIPTED, OUTPUT)
    workdir = workdir_of(world, promotion)
    assert workdir.is_dir()

    abort_promotion(promotion, actor=world.alice, reason="wrong", now=read_clock())
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Aborted"
    assert promotion.message == "Promotion terminated by email:alice@example.com"
    assert steps_of(promotion) == [("it", "Aborted")]
    assert not workdir.exists()


def test_nothing_is_stored_of_a_pass_whose_promotion_is_aborted(world: World) -> None:
    def abort(context: StepContext) -> None:
        row = Promotion.objects.get(uid=context.promotion_uid)
        abort_promotion(row, actor=world.alice, reason="wrong", now=read_clock())
        Path(context.workdir, "left").mkdir(parents=True)

    world.steps.during = abort
    world.steps.script = [StepResult(output={"pushed": "yes"})]

    promotion = promoted(world, SCRIPTED, OUTPUT)

    assert promotion.phase == "Aborted"
    assert promotion.state == {}
    assert steps_of(promotion) == [("it", "Aborted")]
    assert len(world.steps.contexts) == 1
    assert not workdir_of(world, promotion).exists()
    assert world.held(promotion.stage) == {}


def test_aborting_a_promotion_that_has_ended_changes_nothing(world: World) -> None:
    promotion = promoted(world, OUTPUT)
    stale = Promotion.objects.get(pk=promotion.pk)
    stale.phase = "Running"

    abort_promotion(stale, actor=world.alice, reason="late", now=read_clock())
    world.settle()

    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"


# ---------------------------------------------------------------- work directory
def test_the_work_directory_is_private_and_gone_at_the_end(world: World) -> None:
    seen: list[int] = []
    world.steps.during = lambda context: seen.append(Path(context.workdir).stat().st_mode & 0o777)

    promotion = promoted(world, SCRIPTED)

    assert seen == [0o700]
    assert promotion.phase == "Succeeded"
    assert not workdir_of(world, promotion).exists()


def test_a_promotion_goes_on_where_it_was_if_its_work_directory_is_there(world: World) -> None:
    world.steps.script = [StepResult(output={"n": 1}), WAITING]
    promotion = promoted(world, SCRIPTED, {**SCRIPTED, "as": "second"}, OUTPUT)

    world.hasten(promotion)

    promotion.refresh_from_db()
    assert [context.alias for context in world.steps.contexts] == ["it", "second", "second"]
    assert promotion.phase == "Succeeded"


def test_a_work_directory_that_a_stalled_worker_is_in_is_left_alone(world: World) -> None:
    world.steps.script = [WAITING]
    promotion = promoted(world, SCRIPTED)

    with directory_lock(workdir_of(world, promotion)) as is_held:
        assert is_held
        world.hasten(promotion)

    assert len(world.steps.contexts) == 1
    world.hasten(promotion)
    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"


def test_a_promotion_whose_work_directory_is_lost_starts_again_and_keeps_its_outputs(
    world: World,
) -> None:
    world.steps.script = [StepResult(output={"n": 1}), WAITING]
    promotion = promoted(world, SCRIPTED, {**SCRIPTED, "as": "second"})
    workdir_of(world, promotion).rmdir()

    world.hasten(promotion)

    promotion.refresh_from_db()
    assert [context.alias for context in world.steps.contexts] == ["it", "second", "it", "second"]
    assert world.steps.contexts[2].state["it"] == {"n": 1}
    assert promotion.phase == "Succeeded"
    assert StepExecution.objects.filter(promotion=promotion).count() == 2


# ---------------------------------------------------------------- freight
def test_freight_that_is_deleted_meanwhile_ends_the_promotion(world: World) -> None:
    world.steps.script = [WAITING]
    promotion = promoted(world, SCRIPTED)

    delete_freight(promotion.freight, actor=world.alice, now=read_clock())
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert promotion.phase == "Errored"
    assert "no longer exists" in promotion.message


def test_freight_that_is_no_longer_available_ends_the_promotion(world: World) -> None:
    world.steps.script = [WAITING]
    promotion = promoted(world, SCRIPTED)

    world.stage("test", SCRIPTED, sources={"stages": ["elsewhere"]})
    world.hasten(promotion)

    promotion.refresh_from_db()
    assert promotion.phase == "Errored"
    assert "is not available to Stage" in promotion.message


# ---------------------------------------------------------------- secrets
def test_credentials_in_an_address_are_not_shown(world: World) -> None:
    world.steps.script = [StepError("cannot read https://bob:hunter22@git.example.com/x.git")]

    promotion = promoted(world, SCRIPTED)

    row = StepExecution.objects.get(promotion=promotion)
    assert "hunter22" not in promotion.message + row.message
    assert "git.example.com/x.git" in promotion.message

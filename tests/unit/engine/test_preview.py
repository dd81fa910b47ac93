from dataclasses import dataclass

from common.errors import ConflictError
from promotions.engine.inflation import Variable
from promotions.engine.phases import PromotionPhase
from promotions.engine.preview import NOT_REACHED, Outcome, Preview, preview_promotion
from promotions.engine.runner import Effect, StepContext, StepError, StepResult, StepStatus
from tests.fakes.steps import ScriptedStep, scripted
from tests.unit.engine.execution import engine, plan, step


@dataclass
class Effecting(ScriptedStep):
    effect: Effect = Effect.EFFECTING
    words: str = "push main"

    def would(self, context: StepContext) -> str:
        return self.words.replace("CONFIG", str(context.config.get("to", "")))


def outcomes(preview: Preview) -> list[tuple[str, Outcome, str]]:
    return [(it.alias, it.outcome, it.message) for it in preview.steps]


def test_steps_run_up_to_the_first_effect_which_does_not_happen() -> None:
    edit, push = scripted("edit", StepResult(message="edited")), Effecting("push")

    preview = preview_promotion(engine(edit, push), plan(step("edit"), step("push")))

    assert outcomes(preview) == [
        ("edit", Outcome.RAN, "edited"),
        ("push", Outcome.WOULD, "push main"),
    ]
    assert not push.contexts
    assert preview.phase is PromotionPhase.RUNNING
    assert preview.effects == ("push main",)


def test_an_effecting_step_without_an_effect_in_this_configuration_runs() -> None:
    clone, push = Effecting("clone", words=""), Effecting("push")

    preview = preview_promotion(engine(clone, push), plan(step("clone"), step("push")))

    assert len(clone.contexts) == 1
    assert [it.outcome for it in preview.steps] == [Outcome.RAN, Outcome.WOULD]


def test_effects_that_follow_are_told_from_their_configuration() -> None:
    push, notify = Effecting("push"), Effecting("notify", words="tell CONFIG")
    steps = (
        step("push"),
        step("notify", config={"to": "${{ vars.team }}"}, variables=(Variable("team", "ops"),)),
    )

    preview = preview_promotion(engine(push, notify), plan(*steps))

    assert preview.effects == ("push main", "tell ops")


def test_what_needs_the_output_of_an_effect_cannot_be_told() -> None:
    push, notify = Effecting("push"), Effecting("notify")
    steps = (step("push"), step("notify", config={"to": "${{ outputs.push.commit }}"}))

    preview = preview_promotion(engine(push, notify), plan(*steps))

    last = preview.steps[-1]
    assert last.outcome is Outcome.UNKNOWN
    assert last.message.startswith("This depends on what an earlier step does: ")


def test_steps_after_the_effect_that_have_none_are_listed_and_not_run() -> None:
    push, edit = Effecting("push"), scripted("edit")

    preview = preview_promotion(engine(push, edit), plan(step("push"), step("edit")))

    assert outcomes(preview)[1] == ("edit", Outcome.UNKNOWN, NOT_REACHED)
    assert not edit.contexts


def test_a_step_that_would_be_skipped_after_the_effect_says_so() -> None:
    push, undo = Effecting("push"), Effecting("undo")
    steps = (step("push"), step("undo", condition="${{ failure() }}"))

    preview = preview_promotion(engine(push, undo), plan(*steps))

    assert [it.outcome for it in preview.steps] == [Outcome.WOULD, Outcome.SKIPPED]


def test_a_failure_before_the_effect_is_how_the_promotion_would_end() -> None:
    edit = scripted("edit", StepError("no such key", terminal=True))
    push = Effecting("push")

    preview = preview_promotion(engine(edit, push), plan(step("edit"), step("push")))

    assert [it.outcome for it in preview.steps] == [Outcome.FAILED, Outcome.SKIPPED]
    assert "no such key" in preview.steps[0].message
    assert preview.phase is PromotionPhase.ERRORED
    assert preview.effects == ()


def test_a_step_that_waits_ends_what_can_be_run() -> None:
    wait = scripted("wait", StepResult(status=StepStatus.RUNNING, message="not yet"))
    push = Effecting("push")

    preview = preview_promotion(engine(wait, push), plan(step("wait"), step("push")))

    assert outcomes(preview) == [
        ("wait", Outcome.WAITS, "not yet"),
        ("push", Outcome.WOULD, "push main"),
    ]


def test_a_promotion_without_effects_runs_to_its_end() -> None:
    preview = preview_promotion(engine(scripted("edit")), plan(step("edit")))

    assert preview.phase is PromotionPhase.SUCCEEDED
    assert [it.effect for it in preview.steps] == [Effect.PURE]


def test_an_unknown_kind_after_the_effect_is_a_failure_foreseen() -> None:
    preview = preview_promotion(engine(Effecting("push")), plan(step("push"), step("nonsense")))

    assert preview.steps[1].outcome is Outcome.FAILED
    assert preview.steps[1].effect is None


def test_a_step_that_cannot_say_what_it_would_do_fails_the_preview_only() -> None:
    @dataclass
    class Broken(Effecting):
        def would(self, context: StepContext) -> str:
            raise ConflictError("the branch is locked")

    preview = preview_promotion(engine(Broken("push")), plan(step("push")))

    assert preview.steps[0].outcome is Outcome.FAILED
    assert "the branch is locked" in preview.steps[0].message

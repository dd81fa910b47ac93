"""Whatever the steps do, a promotion ends, and ends as its records say."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, strategies as st

from promotions.engine.executor import Engine, Progress, PromotionPlan, run_promotion
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step
from promotions.engine.inputs import PromotionFacts
from promotions.engine.phases import PromotionPhase, final_phase
from promotions.engine.registry import Registry
from promotions.engine.retry import RetryPolicy
from promotions.engine.runner import StepError, StepResult, StepStatus
from tests.fakes.rendering import render
from tests.fakes.steps import ScriptedStep

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = PromotionFacts("p", "s", "s.1", FreightReference("f", FreightOrigin("wh")))

LINES = st.one_of(
    st.sampled_from([StepStatus.SUCCEEDED, StepStatus.SKIPPED, StepStatus.RUNNING]).map(StepResult),
    st.builds(StepError, st.just("no"), failed=st.booleans(), terminal=st.booleans()),
    st.just(RuntimeError("oops")),
)
STEPS = st.lists(
    st.tuples(
        st.lists(LINES, max_size=6),
        st.sampled_from(["", "${{ always() }}", "${{ failure() }}", "${{ broken }}"]),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=5,
)
Scripted = tuple[list[StepResult | Exception], str, bool, int]


@given(STEPS)
def test_a_promotion_always_ends_as_its_records_say(scripts: list[Scripted]) -> None:
    runners = [ScriptedStep(str(index), list(script)) for index, (script, *_) in enumerate(scripts)]
    plan = PromotionPlan(FACTS, _steps(scripts), "tenant", "uid", "/workdir")
    engine = Engine(Registry(runners), render, lambda: NOW)
    progress, phase, passes = Progress(), PromotionPhase.RUNNING, 0

    while phase is PromotionPhase.RUNNING:
        result = run_promotion(engine, plan, progress, save=lambda _: None)
        progress, phase = result.progress, result.phase
        passes += 1
        assert passes <= 1 + sum(len(script) for script, *_ in scripts)
        assert (result.delay is None) == phase.is_terminal
        assert result.delay is None or result.delay >= timedelta(seconds=1)

    assert len(progress.records) == len(scripts)
    assert phase is final_phase(progress.records)[0]
    for record, (_, _, tolerated, threshold) in zip(progress.records, scripts, strict=True):
        assert record.error_count <= max(threshold, 1)
        assert record.continue_on_error is tolerated
        assert record.finished_at is None or record.started_at is not None


def _steps(scripts: list[Scripted]) -> tuple[Step, ...]:
    return tuple(
        Step(
            str(index),
            alias=str(index),
            condition=condition,
            continue_on_error=tolerated,
            retry=RetryPolicy(error_threshold=threshold),
        )
        for index, (_, condition, tolerated, threshold) in enumerate(scripts)
    )

"""Plans and engines for tests of the executor."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from promotions.engine.executor import Advance, Engine, Progress, PromotionPlan, run_promotion
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step
from promotions.engine.inputs import PromotionFacts
from promotions.engine.registry import Registry
from promotions.engine.runner import StepResult, StepStatus
from tests.fakes.rendering import render
from tests.fakes.steps import ScriptedStep

START = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = StepResult(StepStatus.RUNNING, "waiting")


@dataclass
class Clock:
    """Ticks a second whenever it is read."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def step(uses: str, alias: str = "", **rest: object) -> Step:
    return replace(Step(uses, alias=alias or uses), **rest)  # type: ignore[arg-type]  # fields by name


def plan(*steps: Step) -> PromotionPlan:
    freight = FreightReference("f00", FreightOrigin("wh"))
    facts = PromotionFacts("kargo-demo", "test", "test.1.f00", freight, actor="alice")
    return PromotionPlan(facts, steps, "tenant", "uid", "/workdir")


def engine(*runners: ScriptedStep, clock: Callable[[], datetime] | None = None) -> Engine:
    return Engine(Registry(runners), render, clock or Clock())


def run(
    runners: list[ScriptedStep], *steps: Step, progress: Progress | None = None
) -> tuple[Advance, list[Progress]]:
    saved: list[Progress] = []
    result = run_promotion(
        engine(*runners), plan(*steps), progress or Progress(), save=saved.append
    )
    return result, saved

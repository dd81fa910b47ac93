"""What would a promotion do, up to its first effect on the outside?

Steps run as they would, in a work directory of their own, until one that would change something
outside; it says what in words and does not run. What comes after it is told as far as that can
be known without it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from common.errors import NotFoundError, PlatformError
from promotions.engine.executor import (
    AT_ONCE,
    Engine,
    Progress,
    PromotionPlan,
    advance,
    step_context,
)
from promotions.engine.inputs import Scope, should_skip
from promotions.engine.phases import PromotionPhase, StepRecord
from promotions.engine.registry import Registry
from promotions.engine.runner import (
    Effect,
    EffectingRunner,
    StepContext,
    StepError,
    StepResult,
    StepRunner,
    StepStatus,
)

NOT_REACHED = "Nothing that comes after an effect is run in a preview."


class Outcome(StrEnum):
    """What a preview can say of a step."""

    RAN = "ran"
    SKIPPED = "skipped"
    FAILED = "failed"
    WAITS = "waits"
    WOULD = "would"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PreviewedStep:
    """One step of a preview.

    Attributes:
        effect: How far steps of this kind reach; ``None`` if there is no such kind.
        message: What it said, what it would do to the outside, or why that cannot be told.
    """

    alias: str
    kind: str
    effect: Effect | None
    outcome: Outcome
    message: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """A promotion as far as it can be told beforehand.

    Attributes:
        phase: How it would have ended if it has no effects or fails before the first; Running
            if it goes on from there.
    """

    steps: tuple[PreviewedStep, ...]
    phase: PromotionPhase
    message: str = ""

    @property
    def effects(self) -> tuple[str, ...]:
        """What it would do to the outside, in order, as far as that is known."""
        return tuple(step.message for step in self.steps if step.outcome is Outcome.WOULD)


class _Watched:
    """A runner that stops at its effect: it says what it would do, and waits for ever."""

    def __init__(self, runner: StepRunner, noted: dict[str, str]) -> None:
        self._runner = runner
        self._noted = noted
        self.kind = runner.kind
        self.schema = runner.schema
        self.effect = Effect.READING
        self.propagates_output = runner.propagates_output
        self.default_timeout = runner.default_timeout
        self.default_error_threshold = runner.default_error_threshold

    def run(self, context: StepContext) -> StepResult:
        """Run the step if it has no effect with this configuration."""
        words = _effect_of(self._runner, context)
        if not words:
            return self._runner.run(context)
        self._noted[context.alias] = words
        return StepResult(status=StepStatus.RUNNING, message=words)


def preview_promotion(
    engine: Engine, plan: PromotionPlan, *, announce: Callable[[Progress], None] | None = None
) -> Preview:
    """Run a promotion up to its first effect and say what would follow.

    Args:
        engine: As for running a promotion.
        plan: With a work directory that exists, is empty and belongs to this preview.
        announce: Called with the progress before each step.
    """
    noted: dict[str, str] = {}
    watching = replace(engine, registry=_watched(engine.registry, noted))
    progress = Progress()
    while True:
        before = progress
        result = advance(watching, plan, progress, announce=announce or _silent)
        progress = result.progress
        if result.delay != AT_ONCE:
            break
    told = tuple(_told(engine, record, noted) for record in progress.records)
    if result.delay is None:
        return Preview(told, result.phase, result.message)
    later = _later(engine, plan, progress, start=before.current_step + 1)
    return Preview((*told, *later), PromotionPhase.RUNNING, result.message)


def _silent(_progress: Progress) -> None:
    """Tell nobody."""


def _watched(registry: Registry, noted: dict[str, str]) -> Registry:
    runners = (registry.find(kind) for kind in registry.kinds())
    return Registry(
        _Watched(runner, noted) if runner.effect is Effect.EFFECTING else runner
        for runner in runners
    )


def _effect_of(runner: StepRunner, context: StepContext) -> str:
    return runner.would(context) if isinstance(runner, EffectingRunner) else ""


def _told(engine: Engine, record: StepRecord, noted: dict[str, str]) -> PreviewedStep:
    effect = _effect_kind(engine, record.kind)
    if record.alias in noted and record.status is StepStatus.RUNNING:
        return PreviewedStep(record.alias, record.kind, effect, Outcome.WOULD, noted[record.alias])
    outcome = {
        StepStatus.SUCCEEDED: Outcome.RAN,
        StepStatus.SKIPPED: Outcome.SKIPPED,
        StepStatus.RUNNING: Outcome.WAITS,
    }.get(record.status or StepStatus.ERRORED, Outcome.FAILED)
    return PreviewedStep(record.alias, record.kind, effect, outcome, record.message)


def _later(
    engine: Engine, plan: PromotionPlan, progress: Progress, *, start: int
) -> tuple[PreviewedStep, ...]:
    """Return what can be said of the steps from ``start`` on, taking those before for successes."""
    records = [replace(it, status=StepStatus.SUCCEEDED) for it in progress.records[-1:]]
    earlier = (*progress.records[:-1], *records)
    return tuple(
        _foreseen(engine, plan, replace(progress, records=earlier, current_step=index))
        for index in range(start, len(plan.steps))
    )


def _foreseen(engine: Engine, plan: PromotionPlan, progress: Progress) -> PreviewedStep:
    step = plan.steps[progress.current_step]
    effect = _effect_kind(engine, step.uses)
    told = PreviewedStep(step.alias, step.uses, effect, Outcome.UNKNOWN, NOT_REACHED)
    if effect is None:
        return replace(told, outcome=Outcome.FAILED, message=f"There is no step {step.uses}.")
    scope = Scope(
        plan.facts,
        engine.render,
        progress.records,
        progress.state,
        engine.functions(plan),
        progress.current_step,
    )
    try:
        if should_skip(scope, step):
            return replace(told, outcome=Outcome.SKIPPED, message="")
        context = step_context(engine, plan, progress, scope=scope)
        engine.registry.schema(step.uses).check(context.config)
        words = _effect_of(engine.registry.find(step.uses), context)
    except (PlatformError, StepError) as error:
        reason = f"This depends on what an earlier step does: {error.message}"
        return replace(told, message=reason)
    return replace(told, outcome=Outcome.WOULD, message=words) if words else told


def _effect_kind(engine: Engine, kind: str) -> Effect | None:
    try:
        return engine.registry.find(kind).effect
    except NotFoundError:
        return None

"""Runs the steps of a promotion, one at a time, and says what comes next.

:func:`advance` looks at one step once and returns the new progress, so that a caller can store it
before the next. A failing step does not end the list: later ones get to evaluate their ``if``.
Source: Kargo ``pkg/promotion`` orchestrator and executor.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.errors import ConflictError, InvalidError, PlatformError, UpstreamError
from common.jsontypes import JSONObject, as_object
from common.redaction import redact
from promotions.engine.freight import FreightCollection
from promotions.engine.inflation import Step
from promotions.engine.inputs import PromotionFacts, Render, Scope, evaluated_config, should_skip
from promotions.engine.outcome import Attempt, StepOutcome, Verdict, conclude, raised, returned
from promotions.engine.outputs import plain_output, stored
from promotions.engine.phases import PromotionPhase, StepRecord, final_phase
from promotions.engine.registry import Registry
from promotions.engine.runner import (
    FreightRequest,
    HealthCheck,
    StepContext,
    StepError,
    StepRunner,
    StepStatus,
)

logger = logging.getLogger(__name__)

AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class PromotionPlan:
    """What is to be done: it does not change while the promotion runs.

    Attributes:
        steps: As ``inflate`` returned them.
        workdir: Absolute path of the promotion's private directory.
        freight: What the Stage will hold once the promotion has succeeded.
        shard: The promotion's; empty is the default one.
    """

    facts: PromotionFacts
    steps: tuple[Step, ...]
    tenant_uid: str
    promotion_uid: str
    workdir: str
    freight: FreightCollection = field(default_factory=dict)
    freight_requests: tuple[FreightRequest, ...] = ()
    project_uid: str = ""
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a promotion is; all of it is stored between steps.

    Attributes:
        current_step: Index into the plan's steps; stays on the last one at the end.
        records: One for each step that has been looked at, in order.
        state: Outputs by alias.
    """

    current_step: int = 0
    records: tuple[StepRecord, ...] = ()
    state: JSONObject = field(default_factory=dict)
    health_checks: tuple[HealthCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Advance:
    """What became of a promotion by looking at one step.

    Attributes:
        phase: Running, or how the promotion ended.
        message: For a person; empty if there is nothing to say.
        delay: When to go on, :data:`AT_ONCE` or later; ``None`` if the promotion has ended.
        failed_attempt: The step failed and will be tried again after ``delay``.
    """

    progress: Progress
    phase: PromotionPhase
    message: str = ""
    delay: timedelta | None = None
    failed_attempt: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """What running any promotion takes.

    Attributes:
        functions: Builds the functions that one step's expressions may call.
        clock: Returns the current time, aware.
    """

    registry: Registry
    render: Render
    clock: Callable[[], datetime]
    functions: Callable[[PromotionPlan], Mapping[str, object]] = lambda _plan: {}


def advance(
    engine: Engine,
    plan: PromotionPlan,
    progress: Progress,
    *,
    announce: Callable[[Progress], None] = lambda _progress: None,
) -> Advance:
    """Look at the current step once: skip it, run it, or find that it cannot run.

    Args:
        engine: What running any promotion takes.
        plan: What is to be done.
        progress: How far it is.
        announce: Called with the step marked Running right before it runs, to be stored.
    """
    index = progress.current_step
    if index >= len(plan.steps):
        return _finished(plan, progress)
    step = plan.steps[index]
    record = _record_at(progress, index, step)
    earlier = progress.records[:index]
    functions = engine.functions(plan)
    scope = Scope(plan.facts, engine.render, earlier, progress.state, functions, index)
    if record.started_at is None:
        record = _admit(engine, scope, step, record)
        if record.started_at is None:
            return _next(plan, _with_record(progress, record))
    running = replace(record, status=StepStatus.RUNNING)
    announce(_with_record(progress, running))
    return _run(engine, plan, progress, scope=scope, record=record)


def run_promotion(
    engine: Engine,
    plan: PromotionPlan,
    progress: Progress,
    *,
    save: Callable[[Progress], None],
    announce: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Advance:
    """Advance step by step until the promotion waits or ends; ``save`` is called in between.

    ``announce`` is called instead right before a step runs: if it raises, the step does not.
    """
    while True:
        if cancelled():
            return cancel(progress, now=engine.clock())
        result = advance(engine, plan, progress, announce=announce or save)
        save(result.progress)
        if result.delay != AT_ONCE:
            return result
        progress = result.progress


def restarted(progress: Progress) -> Progress:
    """Return the progress of a promotion whose work directory is gone.

    It begins at the first step again. Outputs stay, so that steps recognise their own work.
    """
    return Progress(state=progress.state)


def cancel(progress: Progress, *, now: datetime) -> Advance:
    """Return what becomes of a promotion that is cut off; a step under way becomes Errored."""
    progress = _interrupted(
        progress,
        StepStatus.ERRORED,
        when=lambda record: record.started_at is not None and record.finished_at is None,
        now=now,
        message="the step was cancelled",
    )
    return Advance(progress, PromotionPhase.ERRORED, "execution cancelled")


def abort(progress: Progress, *, actor: str, now: datetime) -> Advance:
    """Return what becomes of a promotion that ``actor`` aborts; a Running step becomes Aborted."""
    progress = _interrupted(
        progress,
        StepStatus.ABORTED,
        when=lambda record: record.status is StepStatus.RUNNING,
        now=now,
    )
    return Advance(progress, PromotionPhase.ABORTED, f"Promotion terminated by {actor}")


def _interrupted(
    progress: Progress,
    status: StepStatus,
    *,
    when: Callable[[StepRecord], bool],
    now: datetime,
    message: str | None = None,
) -> Progress:
    if len(progress.records) != progress.current_step + 1 or not when(progress.records[-1]):
        return progress
    record = progress.records[-1]
    text = record.message if message is None else message
    return _with_record(progress, replace(record, status=status, message=text, finished_at=now))


def _record_at(progress: Progress, index: int, step: Step) -> StepRecord:
    if index < len(progress.records):
        return progress.records[index]
    return StepRecord(step.alias, step.uses, continue_on_error=step.continue_on_error)


def _admit(engine: Engine, scope: Scope, step: Step, record: StepRecord) -> StepRecord:
    """Return the record with a start time, or with the status that keeps the step from starting."""
    try:
        if should_skip(scope, step):
            return replace(record, status=StepStatus.SKIPPED)
    except PlatformError as error:
        message = f'error checking if step "{step.alias}" should be skipped: {error.message}'
        return replace(record, status=StepStatus.ERRORED, message=message)
    try:
        engine.registry.find(step.uses)
    except PlatformError as error:
        return replace(record, status=StepStatus.ERRORED, message=error.message)
    return replace(record, started_at=engine.clock(), error_count=0)


def _run(
    engine: Engine, plan: PromotionPlan, progress: Progress, *, scope: Scope, record: StepRecord
) -> Advance:
    step = plan.steps[progress.current_step]
    try:
        runner = engine.registry.find(step.uses)
        context = step_context(engine, plan, progress, scope=scope)
    except PlatformError as error:
        message = f"failed to build step context: {error.message}"
        errored = replace(record, status=StepStatus.ERRORED, message=message)
        return _next(plan, _with_record(progress, errored))
    attempt = _attempt(engine.registry, runner, context)
    outcome = conclude(record, attempt, policy=step.retry, runner=runner, now=engine.clock())
    state = stored(
        progress.state,
        alias=step.alias,
        output=attempt.output,
        propagates=runner.propagates_output,
    )
    kept = replace(outcome.record, output=as_object(state[step.alias]))
    return _after(plan, replace(_with_record(progress, kept), state=state), outcome)


def step_context(
    engine: Engine, plan: PromotionPlan, progress: Progress, *, scope: Scope
) -> StepContext:
    """Return what the current step is given, its configuration evaluated.

    Raises:
        FieldExpressionError: An expression failed.
    """
    step = plan.steps[progress.current_step]
    config = evaluated_config(scope, step)
    facts = plan.facts
    return StepContext(
        workdir=plan.workdir,
        alias=step.alias,
        config=config,
        state=plain_output(progress.state) or {},
        tenant_uid=plan.tenant_uid,
        project=facts.project,
        stage=facts.stage,
        promotion=facts.promotion,
        promotion_uid=plan.promotion_uid,
        target_freight=facts.target_freight,
        target_freight_alias=facts.target_freight_alias,
        freight=plan.freight,
        freight_requests=plan.freight_requests,
        actor=facts.actor,
        rollback=facts.rollback,
        ui_base_url=facts.ui_base_url,
        now=engine.clock(),
        project_uid=plan.project_uid,
        shard=plan.shard,
        started_at=_started_at(progress),
    )


def _started_at(progress: Progress) -> datetime | None:
    known = progress.records[progress.current_step :]
    return known[0].started_at if known else None


def _attempt(registry: Registry, runner: StepRunner, context: StepContext) -> Attempt:
    """Invoke the runner once; whatever it raises becomes part of the answer."""
    alias = context.alias
    try:
        return _invoke(registry, runner, context)
    except PlatformError as error:
        return raised(alias, error.message, terminal=not _may_pass(error))
    except Exception as error:
        logger.exception("step panicked", extra={"step": alias, "kind": runner.kind})
        return raised(alias, f"step panicked: {error!s}", terminal=True)


def _invoke(registry: Registry, runner: StepRunner, context: StepContext) -> Attempt:
    alias = context.alias
    try:
        registry.schema(runner.kind).check(context.config)
    except InvalidError as error:
        return raised(alias, error.message, failed=True, terminal=True)
    try:
        result = runner.run(context)
    except StepError as error:
        output = plain_output(error.output)
        return raised(
            alias, error.message, failed=error.failed, terminal=error.terminal, output=output
        )
    return returned(alias, result, output=plain_output(result.output))


def _may_pass(error: PlatformError) -> bool:
    return isinstance(error, ConflictError) or (
        isinstance(error, UpstreamError) and error.retryable
    )


def _after(plan: PromotionPlan, progress: Progress, outcome: StepOutcome) -> Advance:
    if outcome.verdict is not Verdict.DONE:
        return Advance(
            progress,
            PromotionPhase.RUNNING,
            redact(outcome.record.message),
            delay=outcome.delay,
            failed_attempt=outcome.verdict is Verdict.RETRY,
        )
    if outcome.health_check is not None:
        checks = (*progress.health_checks, outcome.health_check)
        progress = replace(progress, health_checks=checks)
    return _next(plan, progress)


def _next(plan: PromotionPlan, progress: Progress) -> Advance:
    following = progress.current_step + 1
    if following >= len(plan.steps):
        return _finished(plan, progress)
    return Advance(replace(progress, current_step=following), PromotionPhase.RUNNING, delay=AT_ONCE)


def _finished(plan: PromotionPlan, progress: Progress) -> Advance:
    phase, message = final_phase(progress.records)
    last = max(len(plan.steps) - 1, 0)
    return Advance(replace(progress, current_step=last), phase, message)


def _with_record(progress: Progress, record: StepRecord) -> Progress:
    """Return the progress with a record, whose message says nothing that nobody may see.

    Expressions read messages too: they see the same whether they come now or in a later pass.
    """
    shown = replace(record, message=redact(record.message))
    records = (*progress.records[: progress.current_step], shown)
    return replace(progress, records=records)

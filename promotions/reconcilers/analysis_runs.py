"""Measures the metrics of analysis runs: plan what is due, ask for it side by side, conclude.

Intents of jobs and canaries are stored before one is started; everything else that is asked for
only reads, so asking again after a worker was lost does no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from common.clock import now as read_clock
from common.errors import InvalidError, PlatformError
from common.jsontypes import as_list, as_object
from promotions.engine.analysis import reconcile as engine
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers import job
from promotions.engine.analysis.reconcile import Measured, Plan, Reconciled
from promotions.engine.analysis.runs import RunSpec, RunStatus, read_run_spec, read_run_status
from promotions.engine.analysis.ttl import is_expired
from promotions.manifests.analysis_run import MOST_METRICS
from promotions.models import AnalysisRun
from promotions.ports.jobs import JobExecutor
from promotions.ports.metrics import MetricSources, Order
from promotions.reconcilers.analysis_canaries import Canaries
from promotions.reconcilers.analysis_jobs import Jobs
from promotions.reconcilers.loop import Lease
from promotions.selectors.analysis_runs import actual_spec, analysis_run_by_uid
from promotions.selectors.metric_secrets import MetricSecrets
from promotions.services.analysis_progress import expire_run, store_status

AT_ONCE = 8
"""How many metrics of one run are measured side by side."""
SHORTEST_WAIT = timedelta(seconds=1)
"""No run is looked at more often, whatever interval it asks for."""


def _nothing(_run: AnalysisRun) -> JobExecutor | None:
    return None


@dataclass(frozen=True, slots=True)
class AnalysisRunReconciler:
    """Reconciles analysis runs.

    Attributes:
        sources: Answers what metrics ask.
        job_executor: Finds what runs a run's jobs; ``None`` where there is nothing.
        environment: The worker's variables that providers may use as credentials.
    """

    sources: MetricSources
    job_executor: Callable[[AnalysisRun], JobExecutor | None] = _nothing
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __call__(self, uid: UUID, *, lease: Lease, now: datetime) -> timedelta | None:
        """Reconcile the run with this uid and return when to look again."""
        run = analysis_run_by_uid(uid)
        if run is None:
            return None
        jobs, canaries = self._jobs(run, lease), Canaries(run, lease)
        if run.deleted_at is not None:
            jobs.stop_all()
            with lease.transaction():
                jobs.store(now=now)
            return None
        done = self._pass(run, jobs, canaries, now=now)
        if done.status.phase.is_completed:
            jobs.stop_all()
        jobs.collect(done.collections)
        at = max(now, read_clock())
        with lease.transaction():
            jobs.store(now=at)
            canaries.store(now=at)
            return _store(run, done, now=at)

    def _jobs(self, run: AnalysisRun, lease: Lease) -> Jobs:
        metrics = map(as_object, as_list(run.spec.get("metrics")))
        if not any(job.KIND in as_object(metric.get("provider")) for metric in metrics):
            return Jobs(run, None, lease)
        try:
            return Jobs(run, self.job_executor(run), lease)
        except PlatformError as error:
            return Jobs(run, None, lease, problem=error.message)

    def _pass(
        self, run: AnalysisRun, jobs: Jobs, canaries: Canaries, *, now: datetime
    ) -> Reconciled:
        secrets = MetricSecrets(run.project, self.environment)
        try:
            spec, status = _read(run)
        except InvalidError as error:
            return _unreadable(error)
        planned = engine.plan(spec, status, secrets=secrets.in_project, now=now)
        if isinstance(planned, Reconciled):
            return planned
        measured = self._measured(planned, secrets, jobs, canaries, now=now)
        return engine.conclude(planned, measured, now=max(now, read_clock()))

    def _measured(
        self,
        planned: Plan,
        secrets: MetricSecrets,
        jobs: Jobs,
        canaries: Canaries,
        *,
        now: datetime,
    ) -> list[Measured]:
        """Measure all tasks; what needs the database is done before the threads begin."""
        results = planned.status.by_name()
        started_at = planned.status.started_at
        calls: list[Callable[[], Measured]] = []
        for task in planned.tasks:
            result = results.get(task.metric.name)
            if job.KIND in task.metric.provider:
                calls.append(jobs.prepared(task, result, now=now))
                continue
            try:
                credentials = secrets.of_provider(task.metric)
            except PlatformError as error:
                calls.append(partial(engine.unmeasurable, task, error.message, now=now))
                continue
            order = canaries.noted(Order(task, now, credentials, started_at), result, now=now)
            calls.append(partial(self.sources.measure, order))
        measured = _side_by_side(calls)
        for task, it in zip(planned.tasks, measured, strict=True):
            canaries.saw(task, it.measurement)
        return measured


def _side_by_side(calls: Sequence[Callable[[], Measured]]) -> list[Measured]:
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="metric") as pool:
        waiting = [pool.submit(copy_context().run, call) for call in calls]
        return [it.result() for it in waiting]


def _store(run: AnalysisRun, done: Reconciled, *, now: datetime) -> timedelta | None:
    """Store how a run stands and return when to look again; call it in the pass's transaction."""
    store_status(run, done.status, events=done.events, now=now)
    if done.status.phase.is_completed and _is_expired(run, done.status, now=now):
        expire_run(run, now=now)
        return None
    return None if done.next_at is None else max(done.next_at - now, SHORTEST_WAIT)


def _is_expired(run: AnalysisRun, status: RunStatus, *, now: datetime) -> bool:
    try:
        strategy = read_run_spec(run.spec).ttl_strategy
    except InvalidError:
        return False
    return is_expired(strategy, status, now=now)


def _read(run: AnalysisRun) -> tuple[RunSpec, RunStatus]:
    """Return what a run is to do, and how far it has come.

    Raises:
        InvalidError: The specification cannot be read, or is too large.
    """
    spec = read_run_spec(actual_spec(run))
    if len(spec.metrics) > MOST_METRICS:
        raise InvalidError(f"more than {MOST_METRICS} metrics")
    return spec, read_run_status(run.status)


def _unreadable(error: InvalidError) -> Reconciled:
    message = f"Analysis spec invalid: {error.message}"
    return Reconciled(RunStatus(phase=AnalysisPhase.ERROR, message=message))

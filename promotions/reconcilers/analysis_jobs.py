"""Measures by jobs: an intent before each one, then its outcome and what it printed."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from common.clock import now as read_clock
from common.errors import PlatformError, UpstreamError
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers import job
from promotions.engine.analysis.providers.measuring import failed, progressed
from promotions.engine.analysis.providers.results import Progress
from promotions.engine.analysis.reconcile import Measured, unmeasurable
from promotions.engine.analysis.retention import Collection
from promotions.engine.analysis.tasks import Task, TaskKind
from promotions.models import AnalysisJob, AnalysisRun
from promotions.ports.jobs import JobExecutor, JobReport
from promotions.reconcilers.leases import Lease
from promotions.selectors.analysis_runs import jobs_of
from promotions.services.analysis_progress import begin_job, forget_jobs, store_job

logger = logging.getLogger(__name__)

MOST_UNREACHABLE = 3
"""After so many looks in a row that nobody answered, the measurement is in error."""
LOOK_AGAIN = timedelta(seconds=10)
NO_EXECUTOR = (
    "no place to run jobs is set up; an operator can connect a Kubernetes control plane or allow "
    "local jobs"
)
_STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class _Found:
    """What a pass has found out of a job."""

    outcome: str = ""
    logs: Mapping[str, str] | None = None
    unreachable: int = 0


@dataclass(slots=True)
class Jobs:
    """The jobs of one run, in one pass.

    Attributes:
        problem: What to say of a job if there is no executor.
        found: What is known of jobs, by their names.
        dropped: Names of those that are to be forgotten.
    """

    run: AnalysisRun
    executor: JobExecutor | None
    lease: Lease
    problem: str = NO_EXECUTOR
    found: dict[str, _Found] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def prepared(
        self, task: Task, result: MetricResult | None, *, now: datetime
    ) -> Callable[[], Measured]:
        """Return what measures by a job, to be called in a thread; stores the intent before."""
        if self.executor is None:
            return partial(unmeasurable, task, self.problem, now=now)
        if task.kind is TaskKind.MEASURE or task.measurement is None:
            return self._planned(task, result, self.executor, now=now)
        act = self._stopped if task.kind is TaskKind.TERMINATE else self._looked
        known = self._known(task.measurement.metadata.get(job.JOB_NAME, ""))
        return partial(
            self._safely, task, now, partial(act, self.executor, task.measurement, known)
        )

    def store(self, *, now: datetime) -> None:
        """Store what was found out; call it in the transaction of the pass."""
        for name, it in self.found.items():
            store_job(
                self.run,
                name,
                outcome=it.outcome,
                logs=it.logs,
                unreachable=it.unreachable,
                now=now,
            )
        forget_jobs(self.run, self.dropped)

    def collect(self, collections: Iterable[Collection]) -> None:
        """Remove the oldest jobs of metrics that keep only so many measurements."""
        limits = {it.metric.name: it.limit for it in collections}
        kept: dict[str, list[job.ExistingJob]] = {name: [] for name in limits}
        for row in jobs_of(self.run):
            if row.metric in kept:
                kept[row.metric].append(job.ExistingJob(row.name, row.begun_at))
        for metric, rows in kept.items():
            for name in job.surplus(rows, limit=limits[metric]):
                self._cancel(name)
                self.dropped.add(name)

    def stop_all(self) -> None:
        """Stop the jobs that are still there; nobody waits for them any more."""
        for row in jobs_of(self.run):
            is_known = row.name in self.found and self.found[row.name].outcome
            if row.is_over or is_known:
                continue
            self._cancel(row.name)
            self.found[row.name] = _Found(_STOPPED)

    def _cancel(self, name: str) -> None:
        """Stop and remove a job that nobody waits for; what cannot be removed goes by itself."""
        try:
            if self.executor is not None:
                self.executor.cancel(name, namespace=self.run.project.name)
        except PlatformError as error:
            logger.warning("job not stopped", extra={"job": name, "reason": error.message})

    def _planned(
        self, task: Task, result: MetricResult | None, executor: JobExecutor, *, now: datetime
    ) -> Callable[[], Measured]:
        identity = job.RunIdentity(str(self.run.uid), self.run.name, self.run.project.name)
        try:
            planned = job.plan(task.metric, run=identity, result=result)
        except PlatformError as error:
            return partial(unmeasurable, task, error.message, now=now)
        ordinal = job.ordinal_of(result)
        with self.lease.transaction():
            is_new = begin_job(self.run, task.metric.name, ordinal, name=planned.name, now=now)
        start = partial(self._started, executor, planned, is_new=is_new, now=now)
        return partial(self._safely, task, now, start)

    def _safely(self, task: Task, now: datetime, act: Callable[[], Measurement]) -> Measured:
        """Return what came of an act; what goes wrong is a measurement in error."""
        try:
            return Measured(act())
        except PlatformError as error:
            begun = task.measurement or Measurement(started_at=now)
            return Measured(failed(begun, error, now=read_clock()))

    def _started(
        self, executor: JobExecutor, planned: job.JobPlan, *, is_new: bool, now: datetime
    ) -> Measurement:
        try:
            report = executor.start(
                planned, is_again=not is_new, is_unwanted=self.lease.lost.is_set
            )
        except PlatformError:
            self.found[planned.name] = _Found(AnalysisPhase.ERROR.value)
            raise
        begun = progressed(Measurement(started_at=now), job.started(planned, now=now), now=now)
        return begun if report is None else self._seen(begun, report)

    def _looked(
        self, executor: JobExecutor, measurement: Measurement, row: AnalysisJob | None
    ) -> Measurement:
        name = job.job_reference(measurement)
        try:
            report = executor.look(name, namespace=self.run.project.name)
        except UpstreamError as error:
            count = (row.unreachable if row else 0) + 1
            is_over = count >= MOST_UNREACHABLE
            outcome = AnalysisPhase.ERROR.value if is_over else ""
            self.found[name] = _Found(outcome, unreachable=count)
            if is_over:
                raise
            resume_at = read_clock() + LOOK_AGAIN
            progress = Progress(
                AnalysisPhase.RUNNING,
                error.message,
                metadata=measurement.metadata,
                resume_at=resume_at,
            )
            return progressed(measurement, progress, now=read_clock())
        if report is None:
            self.found[name] = _Found(AnalysisPhase.ERROR.value)
            job.resumed(measurement, None, now=read_clock())
        return self._seen(measurement, report or JobReport(job.JobState()))

    def _stopped(
        self, executor: JobExecutor, measurement: Measurement, _row: AnalysisJob | None
    ) -> Measurement:
        name = job.job_reference(measurement)
        executor.cancel(name, namespace=self.run.project.name)
        self.found[name] = _Found(_STOPPED)
        return progressed(measurement, job.terminated(measurement), now=read_clock())

    def _seen(self, measurement: Measurement, report: JobReport) -> Measurement:
        progress = job.resumed(measurement, report.state, now=read_clock())
        is_over = progress.phase.is_completed
        outcome = progress.phase.value if is_over else ""
        self.found[job.job_reference(measurement)] = _Found(outcome, report.logs)
        return progressed(measurement, progress, now=read_clock())

    def _known(self, name: str) -> AnalysisJob | None:
        return AnalysisJob.objects.filter(run=self.run, name=name).first()

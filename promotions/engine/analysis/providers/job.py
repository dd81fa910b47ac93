"""The provider ``job``: a job is run to its end, and its exit status is the verdict.

What runs jobs is behind a port; here it is decided what a measurement makes of what was observed.

Source: Argo Rollouts ``metricproviders/job``.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from common.jsontypes import JSONObject
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.inquiries import configuration_of
from promotions.engine.analysis.providers.results import Progress
from promotions.engine.analysis.timing import after
from promotions.engine.goquote import go_quote

KIND = "job"
JOB_NAME = "job-name"
JOB_NAMESPACE = "job-namespace"
UID_LABEL = "analysisrun.argoproj.io/uid"
RUN_NAME_ANNOTATION = "analysisrun.argoproj.io/name"
RUN_NAMESPACE_ANNOTATION = "analysisrun.argoproj.io/namespace"
METRIC_ANNOTATION = "analysisrun.argoproj.io/metric-name"
LONGEST_NAME = 63
_HOPELESS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})
_NO_REFERENCE = "job metadata reference missing"


class Condition(StrEnum):
    """How a job ended."""

    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """The analysis run that a job belongs to."""

    uid: str
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job to be created.

    Attributes:
        labels: On the job and on its pods.
        spec: As the metric states it.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: JSONObject


@dataclass(frozen=True, slots=True)
class WaitingContainer:
    """A container of a job's pod that has not started, init containers included."""

    pod: str
    container: str
    reason: str


@dataclass(frozen=True, slots=True)
class JobState:
    """What was observed of a job."""

    conditions: Sequence[str] = ()
    waiting: Sequence[WaitingContainer] = ()


@dataclass(frozen=True, slots=True)
class ExistingJob:
    """A job of a run and metric, and when it was created."""

    name: str
    created_at: datetime


def ordinal_of(result: MetricResult | None) -> int:
    """Return the number of a metric's next measurement, errors counted."""
    return (result.count + result.error if result else 0) + 1


def plan(metric: Metric, *, run: RunIdentity, result: MetricResult | None) -> JobPlan:
    """Return the job for the next measurement.

    Raises:
        InvalidError: A field is of the wrong type.
    """
    configuration = configuration_of(metric, KIND)
    given = configuration.object("metadata")
    return JobPlan(
        name=job_name(run.uid, metric.name, ordinal_of(result)),
        namespace=run.namespace,
        labels={**given.texts("labels"), UID_LABEL: run.uid},
        annotations={
            **given.texts("annotations"),
            RUN_NAME_ANNOTATION: run.name,
            RUN_NAMESPACE_ANNOTATION: run.namespace,
            METRIC_ANNOTATION: metric.name,
        },
        spec=configuration.object("spec").document,
    )


def job_name(run_uid: str, metric: str, ordinal: int) -> str:
    """Return the name of a run's job; the metric is shortened until a label can hold it."""
    room = LONGEST_NAME - len(f"{run_uid}..{ordinal}")
    return f"{run_uid}.{metric[: max(room, 0)]}.{ordinal}"


def started(job: JobPlan, *, now: datetime) -> Progress:
    """Return the measurement of a job that was created; it is to be looked at again at once."""
    metadata = {JOB_NAME: job.name, JOB_NAMESPACE: job.namespace}
    return Progress(AnalysisPhase.RUNNING, metadata=metadata, resume_at=now)


def may_adopt(run: RunIdentity, *, owner_uid: str) -> bool:
    """Return whether a job that is there already was created for this run by an earlier try."""
    return owner_uid == run.uid


def job_reference(measurement: Measurement) -> str:
    """Return the name of a measurement's job.

    Raises:
        ResponseError: The measurement does not say.
    """
    name = measurement.metadata.get(JOB_NAME, "")
    if not name:
        raise ResponseError(_NO_REFERENCE)
    return name


def resumed(measurement: Measurement, state: JobState | None, *, now: datetime) -> Progress:
    """Return how a job stands; ``None`` is one that is gone.

    A running one is looked at ever less often: again after the root of twice its age in seconds.

    Raises:
        ResponseError: The job is gone, or the measurement does not say which it was.
    """
    name = job_reference(measurement)
    if state is None:
        raise ResponseError(f"job.batch {go_quote(name)} not found")
    for condition in reversed(state.conditions):
        if condition in _VERDICTS:
            return Progress(_VERDICTS[condition], metadata=measurement.metadata)
    for container in state.waiting:
        if container.reason in _HOPELESS:
            message = (
                f"pod {go_quote(container.pod)} container {go_quote(container.container)} "
                f"is waiting: {container.reason}"
            )
            phase = AnalysisPhase.INCONCLUSIVE
            return Progress(phase, message, metadata=measurement.metadata)
    resume_at = after(now, _wait(measurement, now))
    phase = AnalysisPhase.RUNNING
    return Progress(phase, metadata=measurement.metadata, resume_at=resume_at)


def terminated(measurement: Measurement) -> Progress:
    """Return the measurement of a job that was deleted, or had gone before."""
    return Progress(AnalysisPhase.INCONCLUSIVE, metadata=measurement.metadata)


def surplus(jobs: Iterable[ExistingJob], *, limit: int) -> list[str]:
    """Return the names of the oldest jobs of a run and metric beyond the limit, oldest first."""
    ordered = sorted(jobs, key=lambda job: job.created_at)
    return [job.name for job in ordered[: max(len(ordered) - limit, 0)]]


def _wait(measurement: Measurement, now: datetime) -> timedelta:
    age = (now - measurement.started_at).total_seconds() if measurement.started_at else 0.0
    return timedelta(seconds=math.sqrt(2 * max(age, 0.0)))


_VERDICTS: Mapping[str, AnalysisPhase] = {
    Condition.COMPLETE: AnalysisPhase.SUCCESSFUL,
    Condition.FAILED: AnalysisPhase.FAILED,
}

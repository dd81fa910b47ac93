"""Finds what a job of an analysis run printed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.errors import InvalidError, NotFoundError
from common.jsontypes import as_list, as_object, as_text
from projects.models import Project
from promotions.engine.analysis.providers import job
from promotions.models import AnalysisJob, AnalysisRun

_BAD_REQUEST = "bad_request"


def has_jobs(project: Project) -> bool:
    """Return whether anything has ever run jobs for a project."""
    return AnalysisJob.objects.filter(run__project=project).exists()


@dataclass(frozen=True, slots=True)
class JobLog:
    """What a container of a job printed, as far as is known.

    Attributes:
        is_over: It prints no more.
    """

    job: int
    container: str
    text: str
    is_over: bool


def log_of(run: AnalysisRun, *, metric: str, container: str) -> JobLog:
    """Return what the newest job of a metric printed so far.

    Args:
        run: The run.
        metric: Which metric; may be empty where only one is measured by jobs.
        container: Which container; may be empty where the job has only one.

    Raises:
        InvalidError: The run has no such metric, or the job no such container.
        NotFoundError: No job of the metric was started yet.
    """
    name = _metric(run, metric)
    container = _container(run, name, container)
    return _log(_newest(run, name), container)


def logs_of(run: AnalysisRun, *, metric: str) -> list[JobLog]:
    """Return what each container of the newest job of a metric printed so far.

    Raises:
        NotFoundError: No job of the metric was started.
    """
    row = _newest(run, metric)
    return [_log(row, container) for container in sorted(row.logs)]


def newer_log(log: JobLog) -> JobLog:
    """Return what the same container has printed by now; a job that is forgotten is over."""
    row = AnalysisJob.objects.filter(pk=log.job).first()
    return replace(log, is_over=True) if row is None else _log(row, log.container)


def _newest(run: AnalysisRun, metric: str) -> AnalysisJob:
    row = AnalysisJob.objects.filter(run=run, metric=metric).order_by("-ordinal").first()
    if row is None:
        raise NotFoundError(f'metric "{metric}" of AnalysisRun "{run.name}" has no job yet')
    return row


def _log(row: AnalysisJob, container: str) -> JobLog:
    return JobLog(row.pk, container, str(row.logs.get(container, "")), row.is_over)


def _metric(run: AnalysisRun, wanted: str) -> str:
    names = [
        as_text(metric.get("name"))
        for metric in map(as_object, as_list(run.spec.get("metrics")))
        if job.KIND in as_object(metric.get("provider"))
    ]
    return _one(names, wanted, what="job metric", where=f'AnalysisRun "{run.name}"')


def _container(run: AnalysisRun, metric: str, wanted: str) -> str:
    found = next(
        it
        for it in map(as_object, as_list(run.spec.get("metrics")))
        if as_text(it.get("name")) == metric
    )
    spec = as_object(as_object(as_object(found.get("provider")).get(job.KIND)).get("spec"))
    template = as_object(as_object(spec.get("template")).get("spec"))
    names = [
        as_text(it.get("name")) or "main"
        for key in ("containers", "initContainers")
        for it in map(as_object, as_list(template.get(key)))
    ]
    return _one(names, wanted, what="container", where=f'metric "{metric}"')


def _one(names: Iterable[str], wanted: str, *, what: str, where: str) -> str:
    """Return the name that is meant.

    Raises:
        InvalidError: There is none of that name, or several and none was named.
    """
    known = list(names)
    if wanted in known:
        return wanted
    if wanted or not known:
        named = f' "{wanted}"' if wanted else ""
        raise InvalidError(f"{where} has no {what}{named}", code=_BAD_REQUEST)
    if len(known) > 1:
        names_known = ", ".join(known)
        raise InvalidError(
            f"{where} has several {what}s; name one of {names_known}", code=_BAD_REQUEST
        )
    return known[0]

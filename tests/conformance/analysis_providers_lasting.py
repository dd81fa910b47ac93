"""Runs the cases of the metric providers whose work takes longer: jobs and Kayenta."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from common.errors import PlatformError
from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers import job, kayenta
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.measuring import failed, progressed
from promotions.engine.analysis.providers.results import Progress
from tests.conformance.analysis_providers_asking import NOW, Document, Runner, json_answer, shown

_JOB = "dummyuid.dummymetric.1"
_OF_THE_MEASUREMENT = frozenset({"runUID", "metric", "count", "error", "job", "createError"})
_CONFIG_NAME = "canary"
_EXECUTION = "01DS50WVHAWSTAQACJKB1VKDQB"
_SCOPE = {
    "control.start": "2019-03-29T01:08:34Z",
    "control.end": "2019-03-29T01:38:34Z",
    "experiment.start": "2019-03-29T01:08:34Z",
    "experiment.end": "2019-03-29T01:38:34Z",
}


def _move(measurement: Measurement, step: Callable[[], Progress]) -> dict[str, Any]:
    try:
        moved = progressed(measurement, step(), now=NOW)
    except PlatformError as error:
        moved = failed(measurement, error, now=NOW)
    resume = moved.resume_at - NOW if moved.resume_at else None
    return {**shown(moved), "resumeInSeconds": resume and resume.total_seconds()}


def _kayenta_run(document: Document) -> Document:
    inquiry = _kayenta(document)
    configs = document.get("configs", [{"id": "id", "name": _CONFIG_NAME}])
    lookup = _reply(configs, document.get("lookupStatus", 200))
    sent: dict[str, Any] = {}

    def step() -> Progress:
        kayenta.lookup_request(inquiry)
        request = kayenta.start_request(inquiry, kayenta.read_lookup(inquiry, lookup))
        scope = json.loads(request.body)["scopes"]["default"]["experimentScope"]
        sent.update({"start": scope["start"], "end": scope["end"], "url": request.url})
        created = _reply(document.get("create"), document.get("createStatus", 200))
        return kayenta.read_start(inquiry, created)

    return {**_move(Measurement(started_at=NOW), step), **sent}


def _kayenta_resume(document: Document) -> Document:
    inquiry = _kayenta(document)
    measurement = Measurement(
        AnalysisPhase.RUNNING, started_at=NOW, metadata={kayenta.EXECUTION_ID: _EXECUTION}
    )
    reply = _reply(document.get("body"), document.get("status", 200))
    kayenta.score_request(inquiry, measurement)
    return _move(measurement, lambda: kayenta.read_score(inquiry, measurement, reply))


def _kayenta(document: Document) -> Inquiry:
    scope = {**_SCOPE, **document.get("scope", {})}
    configuration = {
        "address": "https://kayenta.example.com",
        "application": "guestbook",
        "canaryConfigName": document.get("configName", _CONFIG_NAME),
        "lookback": document.get("lookback", False),
        "threshold": {
            "pass": document.get("pass", 90),
            "marginal": document.get("marginal", 75),
        },
        "scopes": [
            {
                "name": "default",
                **{
                    f"{side}Scope": {
                        "scope": "app",
                        "start": scope[f"{side}.start"],
                        "end": scope[f"{side}.end"],
                    }
                    for side in ("control", "experiment")
                },
            }
        ],
    }
    started = document.get("runStartedAt")
    return Inquiry(
        Metric(interval=document.get("interval", ""), provider={kayenta.KIND: configuration}),
        NOW,
        run_started_at=datetime.fromisoformat(started) if started else None,
    )


def _reply(body: object, status: int) -> Response:
    return Response(status) if body is None else json_answer(body, status=status)


def _job_run(document: Document) -> Document:
    run = job.RunIdentity(document["runUID"], "run", "namespace")
    name = document["metric"]
    counted = MetricResult(name, count=document.get("count", 0), error=document.get("error", 0))
    metric = Metric(name, provider={job.KIND: document.get("job", {})})
    planned = job.plan(metric, run=run, result=counted)

    def step() -> Progress:
        if problem := document.get("createError"):
            raise ResponseError(problem)
        owner = _owner_uid(document)
        if owner is not None and not job.may_adopt(run, owner_uid=owner):
            raise ResponseError(f'jobs.batch "{planned.name}" already exists')
        return job.started(planned, now=NOW)

    return {
        **_move(Measurement(started_at=NOW), step),
        "jobName": planned.name,
        "labels": planned.labels,
        "annotations": planned.annotations,
    }


def _owner_uid(document: Document) -> str | None:
    """Return the uid of the run that a job of the same name is of, ``None`` without such a job.

    What is not of the measurement itself is about that job: it names the run's uid, or says
    ``True`` if the job is this run's.
    """
    told = list(_leaves([it for key, it in document.items() if key not in _OF_THE_MEASUREMENT]))
    texts = [it for it in told if isinstance(it, str)]
    ours: str = document["runUID"]
    is_ours = ours in texts if texts else all(it is not False for it in told)
    return None if not told else ours if is_ours else "another"


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        yield value
        return
    for item in value:
        yield from _leaves(item)


def _job_resume(document: Document) -> Document:
    """Look at a job again; one whose conditions are not given is gone."""
    measurement = _running(document)
    state = None
    conditions = document.get("conditions")
    if conditions is not None and document.get("jobExists", True):
        state = job.JobState(
            conditions=conditions,
            waiting=[_waiting(pod) for pod in document.get("pods") or ()],
        )
    return _move(measurement, lambda: job.resumed(measurement, state, now=NOW))


def _waiting(pod: Document) -> job.WaitingContainer:
    container = pod.get("initContainer") or pod.get("container") or ""
    return job.WaitingContainer(pod.get("name", "pod"), container, pod.get("waiting") or "")


def _job_terminate(document: Document) -> Document:
    measurement = _running(document)

    def step() -> Progress:
        job.job_reference(measurement)
        if problem := document.get("deleteError"):
            raise ResponseError(problem)
        return job.terminated(measurement)

    return _move(measurement, step)


def _running(document: Document) -> Measurement:
    metadata = document.get("metadata", {job.JOB_NAME: document.get("jobName", _JOB)})
    return Measurement(AnalysisPhase.RUNNING, started_at=NOW, metadata=metadata or {})


def _job_gc(document: Document) -> Document:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    jobs = [
        job.ExistingJob(f"job-{number}", start + timedelta(minutes=number))
        for number in reversed(range(document["jobs"]))
    ]
    deleted = job.surplus(jobs, limit=document["limit"])
    assert deleted == [f"job-{number}" for number in range(len(deleted))]
    return {"deletedOldest": len(deleted), "kept": len(jobs) - len(deleted)}


def _job_name(document: Document) -> Document:
    name = job.job_name(document["uid"], document["metric"], document["n"])
    return {"name": name, "length": len(name)}


RUNNERS: dict[str, Runner] = {
    "kayenta_run": _kayenta_run,
    "kayenta_resume": _kayenta_resume,
    "job_run": _job_run,
    "job_resume": _job_resume,
    "job_terminate": _job_terminate,
    "job_gc": _job_gc,
    "job_name": _job_name,
}

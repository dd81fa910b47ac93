"""The provider ``job``."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from promotions.engine.analysis.measurements import Measurement, MetricResult
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.job import (
    ExistingJob,
    JobState,
    RunIdentity,
    WaitingContainer,
    job_name,
    job_reference,
    may_adopt,
    plan,
    resumed,
    started,
    surplus,
    terminated,
)
from tests.unit.engine.analysis.providers.asking import NOW

RUN = RunIdentity("uid-1", "run", "shop")
RUNNING = Measurement(
    AnalysisPhase.RUNNING,
    started_at=NOW - timedelta(seconds=50),
    metadata={"job-name": "uid-1.smoke.1"},
)


def test_a_job_is_the_metrics_with_the_run_on_its_labels() -> None:
    given = {"labels": {"team": "x"}, "annotations": {"a": "b"}}
    metric = Metric("smoke", provider={"job": {"metadata": given, "spec": {"backoffLimit": 1}}})

    planned = plan(metric, run=RUN, result=None)

    assert planned.name == "uid-1.smoke.1"
    assert planned.labels == {"team": "x", "analysisrun.argoproj.io/uid": "uid-1"}
    assert planned.annotations == {
        "a": "b",
        "analysisrun.argoproj.io/name": "run",
        "analysisrun.argoproj.io/namespace": "shop",
        "analysisrun.argoproj.io/metric-name": "smoke",
    }
    assert planned.spec == {"backoffLimit": 1}


def test_every_measurement_has_its_own_name() -> None:
    counted = MetricResult("smoke", count=3, error=2)

    assert plan(Metric("smoke"), run=RUN, result=counted).name == "uid-1.smoke.6"


@given(st.text("abc-", max_size=80), st.integers(1, 10_000))
def test_a_name_fits_a_label(metric: str, ordinal: int) -> None:
    uid = "34e4d823-4ba9-4afe-8775-6384561d7ef3"

    name = job_name(uid, metric, ordinal)

    assert len(name) <= 63
    assert name.startswith(f"{uid}.")
    assert name.endswith(f".{ordinal}")
    assert metric.startswith(name.removeprefix(f"{uid}.").removesuffix(f".{ordinal}"))


def test_a_job_that_was_started_is_looked_at_at_once() -> None:
    progress = started(plan(Metric("smoke"), run=RUN, result=None), now=NOW)

    assert (progress.phase, progress.resume_at) == (AnalysisPhase.RUNNING, NOW)
    assert progress.metadata == {"job-name": "uid-1.smoke.1", "job-namespace": "shop"}


def test_only_a_job_of_the_same_run_is_adopted() -> None:
    assert may_adopt(RUN, owner_uid="uid-1")
    assert not may_adopt(RUN, owner_uid="uid-2")
    assert not may_adopt(RUN, owner_uid="")


@pytest.mark.parametrize(
    ("conditions", "phase"),
    [
        (["Complete"], AnalysisPhase.SUCCESSFUL),
        (["Failed"], AnalysisPhase.FAILED),
        (["FailureTarget", "Failed"], AnalysisPhase.FAILED),
        (["Suspended"], AnalysisPhase.RUNNING),
        ([], AnalysisPhase.RUNNING),
    ],
)
def test_the_condition_of_a_job_is_the_verdict(conditions: list[str], phase: AnalysisPhase) -> None:
    assert resumed(RUNNING, JobState(conditions), now=NOW).phase is phase


def test_a_running_job_is_looked_at_ever_less_often() -> None:
    assert resumed(RUNNING, JobState(), now=NOW).resume_at == NOW + timedelta(seconds=10)


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_had_is_inconclusive(reason: str) -> None:
    state = JobState(waiting=[WaitingContainer("pod-1", "main", reason)])

    progress = resumed(RUNNING, state, now=NOW)

    assert progress.phase is AnalysisPhase.INCONCLUSIVE
    assert all(part in progress.message for part in ("pod-1", "main", reason))


def test_other_containers_may_wait_and_a_verdict_goes_before_an_image() -> None:
    creating = JobState(waiting=[WaitingContainer("p", "c", "ContainerCreating")])
    done = JobState(["Complete"], [WaitingContainer("p", "c", "ErrImagePull")])

    assert resumed(RUNNING, creating, now=NOW).phase is AnalysisPhase.RUNNING
    assert resumed(RUNNING, done, now=NOW).phase is AnalysisPhase.SUCCESSFUL


def test_a_job_that_is_gone_is_an_error() -> None:
    with pytest.raises(ResponseError, match=r'job\.batch "uid-1\.smoke\.1" not found'):
        resumed(RUNNING, None, now=NOW)


def test_a_measurement_that_does_not_name_its_job_is_an_error() -> None:
    with pytest.raises(ResponseError, match="job metadata reference missing"):
        job_reference(Measurement(AnalysisPhase.RUNNING))


def test_a_stopped_job_is_inconclusive() -> None:
    assert terminated(RUNNING).phase is AnalysisPhase.INCONCLUSIVE


@pytest.mark.parametrize(("limit", "names"), [(1, ["a", "c"]), (3, []), (0, ["a", "c", "b"])])
def test_the_oldest_jobs_beyond_the_limit_go(limit: int, names: list[str]) -> None:
    ages = {"a": 3, "b": 1, "c": 2}
    jobs = [ExistingJob(name, NOW - timedelta(hours=age)) for name, age in ages.items()]

    assert surplus(jobs, limit=limit) == names

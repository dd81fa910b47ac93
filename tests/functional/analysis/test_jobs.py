"""Jobs as confined commands on this host, and what they printed."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from promotions.gateways.confinement import are_files_confinable
from promotions.models import AnalysisJob
from promotions.reconcilers.loop import run_one
from tests.factories.people import make_viewer
from tests.functional.analysis.scenes import document, only_run, template, verifying
from tests.functional.api.conftest import client_for
from tests.functional.domain.conftest import build
from tests.functional.domain.world import SHARD, World, condition

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not are_files_confinable(), reason="this host has no Landlock"),
]


@pytest.fixture
def jobs(world: World, operator: Settings) -> World:
    """A world whose operator allows the shell."""
    operator.LOCAL_JOBS = True
    operator.LOCAL_JOB_PROGRAMS = ["/bin/sh"]
    return build(operator, project=world.project)


def job(script: str, *, name: str = "smoke-test", **container: Any) -> dict[str, Any]:
    """Return a metric that a shell script decides."""
    main = {"name": "main", "image": "x", "command": ["/bin/sh", "-c"], "args": [script]}
    spec = {"template": {"spec": {"containers": [{**main, **container}]}}}
    return {"name": name, "provider": {"job": {"spec": spec}}}


def verify(world: World, *metrics: Any, **spec: Any) -> Any:
    template(world, *metrics, **spec)
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    return stage


def measured(world: World) -> dict[str, Any]:
    found: dict[str, Any] = document(only_run(world))["status"]["metricResults"][0]
    return found


def test_exit_status_zero_is_a_success(jobs: World) -> None:
    stage = verify(
        jobs, job("echo hello; echo $GREETING", env=[{"name": "GREETING", "value": "hi"}])
    )

    assert condition(stage, "Verified") == ("True", "Verified")
    row = AnalysisJob.objects.get()
    assert (row.ordinal, row.outcome) == (1, "Successful")
    assert row.logs == {"main": "hello\nhi\n"}
    (measurement,) = measured(jobs)["measurements"]
    assert measurement["metadata"] == {"job-name": row.name, "job-namespace": "demo"}
    assert row.name == f"{only_run(jobs).uid}.smoke-test.1"


def test_another_exit_status_is_a_failure(jobs: World) -> None:
    stage = verify(jobs, job("exit 3"))

    assert condition(stage, "Verified") == ("False", "VerificationFailed")


def test_jobs_reach_neither_files_nor_the_network_nor_the_workers_environment(
    jobs: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KARGO_SECRET_OF_THE_WORKER", "1")

    stage = verify(
        jobs, job('read x < /etc/passwd && exit 0; test -z "$KARGO_SECRET_OF_THE_WORKER"; exit 4')
    )

    assert condition(stage, "Verified") == ("False", "VerificationFailed")


def test_programs_that_the_operator_does_not_allow_are_not_run(jobs: World) -> None:
    verify(jobs, job("", command=["/usr/bin/env"]))

    said = measured(jobs)["measurements"][0]["message"]
    assert "none of the programs that the operator allows" in said


def test_what_a_local_job_cannot_have_is_named(jobs: World) -> None:
    verify(jobs, job("true", volumeMounts=[]))

    said = measured(jobs)["measurements"][0]["message"]
    assert "containers[0].volumeMounts: is not supported" in said


def test_a_job_that_takes_too_long_has_failed(jobs: World) -> None:
    metric = job("while :; do :; done")
    metric["provider"]["job"]["spec"]["activeDeadlineSeconds"] = 0.3

    stage = verify(jobs, metric)

    assert condition(stage, "Verified") == ("False", "VerificationFailed")
    assert "took longer than" in AnalysisJob.objects.get().logs["main"]


def test_nothing_runs_jobs_unless_the_operator_says_so(world: World) -> None:
    verify(world, job("true"))

    said = measured(world)["measurements"][0]["message"]
    assert said.startswith("no place to run jobs is set up")
    assert not AnalysisJob.objects.exists()


def test_a_job_whose_worker_was_lost_is_an_error_and_not_run_again(jobs: World) -> None:
    template(jobs, job("true"))
    jobs.warehouse()
    stage = jobs.stage("test", **verifying())
    jobs.promote(stage, jobs.freight("a"))
    while not _has_run(jobs):
        assert run_one(SHARD, jobs.reconcilers, owner="test")
    run = only_run(jobs)
    AnalysisJob.objects.create(
        run=run,
        metric="smoke-test",
        ordinal=1,
        name=f"{run.uid}.smoke-test.1",
        begun_at=run.created_at,
    )

    jobs.settle()

    first = measured(jobs)["measurements"][0]
    assert (first["phase"], first["message"]) == ("Error", "the worker that ran the job was lost")
    assert AnalysisJob.objects.get(ordinal=1).outcome == "Error"


def _has_run(world: World) -> bool:
    return world.project.analysis_runs.exists()


# ---------------------------------------------------------------- logs


LOGS = "/v1beta1/projects/demo/analysis-runs/{}/logs"


def viewer(world: World) -> Client:
    return client_for(make_viewer(world.project))


def test_logs_are_told_line_by_line(jobs: World) -> None:
    verify(jobs, job("echo one; echo; echo three"))

    answer = viewer(jobs).get(LOGS.format(only_run(jobs).name))

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"
    assert answer.content == b"data: one\ndata: \ndata: three\ndata: \n\n"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?metricName=smoke-test&containerName=main", 200),
        ("?metricName=nothing", 400),
        ("?containerName=nothing", 400),
    ],
)
def test_logs_of_a_metric_and_a_container(jobs: World, query: str, status: int) -> None:
    verify(jobs, job("true"))

    answer = viewer(jobs).get(LOGS.format(only_run(jobs).name) + query)

    assert answer.status_code == status


def test_logs_of_a_run_that_is_not_there(jobs: World) -> None:
    assert viewer(jobs).get(LOGS.format("nothing")).status_code == 404

"""Jobs on a Kubernetes cluster: created once, looked up, stopped."""

from collections.abc import Iterator
from typing import Any

import pytest

from common.clock import now
from projects.models import ControlPlane
from promotions.models import AnalysisJob, Stage, Work, WorkKind
from promotions.services.verifications import abort_verification
from tests.fakes.metrics.kubernetes_jobs import FakeCluster
from tests.fakes.metrics.server import metric_server
from tests.functional.analysis.scenes import document, only_run, template, verifying
from tests.functional.domain.world import World, condition

pytestmark = pytest.mark.django_db


@pytest.fixture
def cluster(world: World) -> Iterator[FakeCluster]:
    """A cluster that runs the jobs of this world."""
    fake = FakeCluster()
    with metric_server(fake.rule) as server:
        row = ControlPlane.objects.create(
            tenant=world.project.tenant,
            name="cluster",
            kind="kubernetes",
            spec={
                "kind": "kubernetes",
                "address": server.url,
                "credential": {"secretRef": {"name": "cluster"}},
            },
        )
        world.apply_content(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": "cluster", "namespace": "kargo-system-resources"},
                "stringData": {"token": fake.token},
            }
        )
        assert row.is_enabled
        yield fake


def begin(world: World, *, interval: str = "", **spec_parts: Any) -> Stage:
    """Return a Stage whose verification has started a job."""
    containers: Any = [{"name": "main", "image": "busybox", "command": ["true"]}]
    spec: Any = {"backoffLimit": 0, "template": {"spec": {"containers": containers}}}
    metric: Any = {"name": "smoke-test", "interval": interval, "provider": {"job": {"spec": spec}}}
    template(world, metric, **spec_parts)
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    return Stage.objects.select_related("project__tenant").get(pk=stage.pk)


def look_again(world: World) -> None:
    """Have the run looked at, whatever it waits for."""
    run = only_run(world)
    for measurement in run.status["metricResults"][0]["measurements"]:
        measurement["resumeAt"] = "2026-01-01T00:00:00Z"
    type(run).objects.filter(pk=run.pk).update(status=run.status)
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now())
    world.settle()


@pytest.mark.parametrize(
    ("ending", "verified"),
    [("Complete", ("True", "Verified")), ("Failed", ("False", "VerificationFailed"))],
)
def test_how_the_job_ends_is_the_verdict(
    world: World, cluster: FakeCluster, ending: str, verified: tuple[str, str]
) -> None:
    stage = begin(world)
    before = condition(stage, "Verified")
    ((name, job),) = cluster.jobs.items()

    cluster.end(ending)
    look_again(world)

    run = only_run(world)
    assert before == ("Unknown", "VerificationRunning")
    assert name == f"{run.uid}.smoke-test.1"
    label = {"analysisrun.argoproj.io/uid": str(run.uid)}
    assert job["metadata"]["labels"] == job["spec"]["template"]["metadata"]["labels"] == label
    assert (job["metadata"]["namespace"], job["spec"]["backoffLimit"]) == ("demo", 0)
    assert condition(stage, "Verified") == verified
    assert AnalysisJob.objects.get().logs == {"main": "hello\n"}


def test_a_job_that_a_lost_worker_started_is_taken_over(world: World, cluster: FakeCluster) -> None:
    begin(world)
    run = only_run(world)
    type(run).objects.filter(pk=run.pk).update(status={})
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now())

    world.settle()

    assert len(cluster.jobs) == 1
    assert AnalysisJob.objects.count() == 1
    assert document(run)["status"]["metricResults"][0]["phase"] == "Running"


def test_an_image_that_cannot_be_had_is_inconclusive(world: World, cluster: FakeCluster) -> None:
    stage = begin(world)
    cluster.waiting = "ImagePullBackOff"

    look_again(world)

    assert condition(stage, "Verified") == ("Unknown", "VerificationInconclusive")


def test_a_job_that_is_gone_is_an_error(world: World, cluster: FakeCluster) -> None:
    begin(world)
    ((name, _),) = cluster.jobs.items()
    cluster.jobs.clear()

    look_again(world)

    first = document(only_run(world))["status"]["metricResults"][0]["measurements"][0]
    assert (first["phase"], first["message"]) == ("Error", f'job.batch "{name}" not found')


def test_a_cluster_that_does_not_answer_is_asked_again_a_few_times(
    world: World, cluster: FakeCluster
) -> None:
    begin(world)
    cluster.failing = 503
    phases = []

    for _ in range(3):
        look_again(world)
        result = document(only_run(world))["status"]["metricResults"][0]
        phases.append(result["measurements"][0]["phase"])

    assert phases == ["Running", "Running", "Error"]


def test_an_abort_stops_the_job(world: World, cluster: FakeCluster) -> None:
    stage = begin(world)

    abort_verification(stage, actor=world.alice, now=now())
    world.settle()

    assert cluster.jobs == {}
    assert AnalysisJob.objects.get().ended_at is not None
    assert "Metric Terminated" in document(only_run(world))["status"]["message"]


def test_a_cluster_that_refuses_is_quoted(world: World, cluster: FakeCluster) -> None:
    cluster.token = "another"

    begin(world)

    first = document(only_run(world))["status"]["metricResults"][0]["measurements"][0]
    assert (first["phase"], first["message"]) == ("Error", "Unauthorized")

"""What jobs print: followed while they run, bounded, without secrets, and not kept for ever."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import Settings

from common.clock import now
from promotions.live.job_logs import added, events_of, follow_log, follow_log_alone
from promotions.live.watching import Admission
from promotions.models import AnalysisJob, AnalysisRun, Work, WorkKind
from promotions.selectors.analysis_logs import JobLog, log_of
from promotions.services.analysis_progress import LONGEST_LOG, shown_log
from tests.factories.people import make_viewer
from tests.fakes.metrics.kubernetes_jobs import FakeCluster
from tests.functional.analysis.scenes import only_run
from tests.functional.analysis.test_cluster_jobs import begin, cluster, look_again
from tests.functional.api.conftest import client_for
from tests.functional.domain.world import World

__all__ = ["cluster"]

pytestmark = pytest.mark.django_db

LOGS = "/v1beta1/projects/demo/analysis-runs/{}/logs"


def viewer(world: World) -> Client:
    return client_for(make_viewer(world.project))


def allowed(world: World, *, still: bool = True) -> Admission:
    return Admission(lambda: still, tenant_uid=world.project.tenant.uid)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        ("", "a\n", "a\n"),
        ("a\n", "a\nb\n", "b\n"),
        ("a\n", "a\n", ""),
        ("old" + "l" * 2000, "…\n" + "l" * 1500 + "new\n", "new\n"),
        ("other", "new", "new"),
    ],
)
def test_only_what_is_new_is_told(before: str, after: str, new: str) -> None:
    assert added(after, to=before) == new


def test_blank_lines_and_ends_of_lines_are_kept() -> None:
    assert b"".join(events_of("a\r\n\nb\n")) == b"data: a\ndata: \ndata: b\ndata: \n\n"


def test_the_log_of_a_running_job_goes_on_until_the_job_is_over(
    world: World, cluster: FakeCluster
) -> None:
    begin(world)
    look_again(world)
    log = log_of(only_run(world), metric="", container="")
    told = follow_log_alone(log, admission=allowed(world), every=0)

    first = next(told)
    cluster.logs = "hello\nworld\n"
    cluster.end("Complete")
    look_again(world)

    assert first == b"data: hello\ndata: \n\n"
    assert list(told) == [b"data: world\ndata: \n\n"]


def test_whoever_loses_access_is_told_no_more(
    world: World, cluster: FakeCluster, settings: Settings
) -> None:
    settings.WATCH_CHECK_SECONDS = 0.0
    begin(world)
    look_again(world)
    log = log_of(only_run(world), metric="", container="")

    told = list(follow_log_alone(log, admission=allowed(world, still=False), every=0))

    assert told == [b"data: hello\ndata: \n\n"]


def test_a_log_is_followed_on_an_event_loop_too() -> None:
    first = JobLog(job=1, container="main", text="a\n", is_over=False)
    later = iter(
        [first, replace(first, text="a\nb\n"), replace(first, text="a\nb\n", is_over=True)]
    )
    admission = Admission(lambda: True, tenant_uid=uuid4())

    async def told() -> list[bytes]:
        followed = follow_log(first, admission=admission, look=lambda _: next(later), every=0)
        return [it async for it in followed]

    assert asyncio.run(told()) == [b"data: a\ndata: \n\n", b"data: b\ndata: \n\n"]


def test_a_job_that_has_printed_nothing_yet_is_waited_for(
    world: World, cluster: FakeCluster
) -> None:
    begin(world)

    answer = viewer(world).get(LOGS.format(only_run(world).name))

    assert answer.streaming
    assert answer["Content-Type"] == "text/event-stream"
    answer.close()


def test_a_cluster_has_logs_even_before_the_first_job(world: World, cluster: FakeCluster) -> None:
    config = viewer(world).get("/v1beta1/system/server-config").json()

    assert config["hasAnalysisRunLogsUrlTemplate"] is True


def test_a_log_keeps_its_end() -> None:
    kept = shown_log("first\n" + "x" * LONGEST_LOG + "last\n")

    assert len(kept) <= LONGEST_LOG + 2
    assert (kept[0], kept[-5:]) == ("…", "last\n")


def test_secrets_that_a_job_prints_are_masked(world: World, cluster: FakeCluster) -> None:
    secret: Any = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "keys",
            "namespace": "demo",
            "labels": {"kargo.akuity.io/cred-type": "generic"},
        },
        "stringData": {"token": "s3cr3t-value"},
    }
    world.apply_content(secret)
    reference = {"secretKeyRef": {"name": "keys", "key": "token"}}
    cluster.logs = "the token is s3cr3t-value\n"

    begin(world, args=[{"name": "token", "valueFrom": reference}])
    cluster.end("Complete")
    look_again(world)

    (log,) = AnalysisJob.objects.get().logs.values()
    assert log == "the token is ******\n"


def test_jobs_of_measurements_that_are_forgotten_are_removed(
    world: World, cluster: FakeCluster
) -> None:
    begin(world, measurementRetention=[{"metricName": "smoke-test", "limit": 2}], interval="1s")

    for _ in range(4):
        cluster.end("Complete")
        look_again(world)
        _is_due(only_run(world))
        world.settle()

    assert len(cluster.jobs) == AnalysisJob.objects.count() == 2
    assert AnalysisJob.objects.order_by("pk").values_list("ordinal", flat=True)[1] == 5


def _is_due(run: AnalysisRun) -> None:
    """Have the interval since the last measurement be over."""
    for measurement in run.status["metricResults"][0]["measurements"]:
        measurement["finishedAt"] = "2026-01-01T00:00:00Z"
    type(run).objects.filter(pk=run.pk).update(status=run.status)
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now() - timedelta(seconds=1))

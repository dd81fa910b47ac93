"""Canaries that Kayenta analyses: started once, whatever becomes of the worker."""

from typing import Any

import pytest

from common.clock import now
from promotions.models import AnalysisJob, Stage, Work, WorkKind
from tests.fakes.metrics.kayenta import FakeKayenta
from tests.fakes.metrics.server import MetricServer
from tests.functional.analysis.scenes import document, only_run, template, verifying
from tests.functional.domain.world import World, condition

pytestmark = pytest.mark.django_db


@pytest.fixture
def kayenta(metrics: MetricServer) -> FakeKayenta:
    fake = FakeKayenta()
    metrics.rule = fake.rule
    return fake


def begin(world: World, metrics: MetricServer) -> Stage:
    """Return a Stage whose verification starts a canary."""
    scope = {"scope": "app", "region": "r", "step": 60}
    provider: Any = {
        "address": metrics.url,
        "application": "shop",
        "canaryConfigName": "canary",
        "threshold": {"pass": 90, "marginal": 75},
        "scopes": [{"name": "default", "controlScope": scope, "experimentScope": scope}],
        "lookback": True,
    }
    template(world, {"name": "score", "provider": {"kayenta": provider}})
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    return stage


def measured(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(only_run(world))["status"]["metricResults"]
    return found[0]["measurements"]  # type: ignore[no-any-return]  # read from JSON


def look_again(world: World) -> None:
    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now())
    world.settle()


def test_a_canary_that_a_lost_worker_started_is_found_again(
    world: World, metrics: MetricServer, kayenta: FakeKayenta
) -> None:
    begin(world, metrics)
    run = only_run(world)
    type(run).objects.filter(pk=run.pk).update(status={}, phase="")
    AnalysisJob.objects.update(ended_at=None, outcome="")

    look_again(world)

    (execution,) = kayenta.executions
    assert execution["parentPipelineExecutionId"] == f"{run.uid}.score.1"
    assert measured(world)[0]["metadata"] == {"canaryExecutionId": "canary-1"}
    row = AnalysisJob.objects.get()
    assert (row.ordinal, row.outcome, row.is_over) == (1, "Started", True)


def test_a_worker_that_was_lost_before_the_start_leaves_it_to_the_next(
    world: World, metrics: MetricServer, kayenta: FakeKayenta
) -> None:
    begin(world, metrics)
    run = only_run(world)
    type(run).objects.filter(pk=run.pk).update(status={}, phase="")
    kayenta.executions.clear()

    look_again(world)

    assert len(kayenta.executions) == 1
    assert measured(world)[0]["phase"] == "Running"


def test_a_start_whose_answer_is_lost_is_not_repeated(
    world: World, metrics: MetricServer, kayenta: FakeKayenta
) -> None:
    kayenta.cut = True

    begin(world, metrics)

    assert len(kayenta.executions) == 1
    assert measured(world)[0]["metadata"] == {"canaryExecutionId": "canary-1"}


def test_the_score_is_the_verdict(
    world: World, metrics: MetricServer, kayenta: FakeKayenta
) -> None:
    stage = begin(world, metrics)
    kayenta.score = 95.0
    run = only_run(world)
    run.status["metricResults"][0]["measurements"][0]["resumeAt"] = "2026-01-01T00:00:00Z"
    type(run).objects.filter(pk=run.pk).update(status=run.status)

    look_again(world)

    assert condition(stage, "Verified") == ("True", "Verified")
    assert len(kayenta.executions) == 1

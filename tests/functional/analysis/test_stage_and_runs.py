"""How a Stage and its runs play together: again, no longer, taken over, gone."""

import time
from datetime import timedelta
from typing import Any

import pytest

from common.clock import now
from promotions.manifests.metadata import KARGO_API
from promotions.models import AnalysisRun, Stage, Work, WorkKind
from promotions.services.analysis_runs import delete_analysis_run
from promotions.services.stages import delete_stage
from promotions.services.verifications import abort_verification, reverify_stage
from rbac.models import AuditEvent
from tests.fakes.metrics.server import Answer, Asked, MetricServer, answer_json
from tests.functional.analysis.scenes import (
    document,
    only_run,
    runs,
    template,
    verifications,
    verifying,
    web,
)
from tests.functional.domain.world import World, condition, words

pytestmark = pytest.mark.django_db

OK: dict[str, Any] = {"ok": True}


def held(world: World, metrics: MetricServer, **spec: Any) -> Stage:
    """Return a Stage whose Freight was put to the verification ``smoke``."""
    if not metrics.asked:
        template(world, web(f"{metrics.url}/health"), **spec)
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    return Stage.objects.select_related("project__tenant").get(pk=stage.pk)


def endless(world: World, metrics: MetricServer) -> Stage:
    """Return a Stage whose verification does not end by itself."""
    metrics.rule = lambda _: answer_json(OK)
    template(world, web(f"{metrics.url}/health", interval="10m"))
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    return Stage.objects.select_related("project__tenant").get(pk=stage.pk)


def test_somebody_has_it_verified_again(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json({"ok": False})
    stage = held(world, metrics)
    metrics.rule = lambda _: answer_json(OK)

    reverify_stage(stage, actor=world.alice, now=now())
    world.settle()

    first, second = verifications(stage)
    assert (first.phase, second.phase) == ("Failed", "Successful")
    assert second.actor == world.alice.name
    one, other = runs(world)
    assert one.name != other.name
    assert "kargo.akuity.io/promotion" not in other.annotations
    assert condition(stage, "Verified") == ("True", "Verified")


def test_somebody_aborts_it_and_the_run_stops(world: World, metrics: MetricServer) -> None:
    stage = endless(world, metrics)
    assert condition(stage, "Verified") == ("Unknown", "VerificationRunning")

    abort_verification(stage, actor=world.alice, now=now())
    world.settle()

    (verification,) = verifications(stage)
    assert (verification.phase, verification.message) == (
        "Failed",
        "Verification aborted by user",
    )
    assert verification.actor == world.alice.name
    run = only_run(world)
    found = document(run)
    assert found["spec"]["terminate"] is True
    assert (run.phase, found["status"]["message"]) == ("Successful", "Run Terminated")
    assert condition(stage, "Verified") == ("False", "VerificationFailed")
    assert AuditEvent.objects.filter(action="analysis_run.terminate").exists()


def test_the_next_promotion_waits_until_it_has_ended(world: World, metrics: MetricServer) -> None:
    stage = endless(world, metrics)
    world.promote(stage, world.freight("b"))
    world.settle()
    waiting = world.phases(stage)

    abort_verification(stage, actor=world.alice, now=now())
    world.settle()

    assert waiting == [("a", "Succeeded"), ("b", "Pending")]
    assert world.phases(stage) == [("a", "Succeeded"), ("b", "Succeeded")]


def test_freight_that_comes_back_is_judged_by_the_run_that_is_there(
    world: World, metrics: MetricServer
) -> None:
    metrics.rule = lambda _: answer_json(OK)
    stage = held(world, metrics)
    world.promote(stage, world.freight("b"))
    world.settle()

    world.promote(stage, only_run_freight(stage))
    world.settle()

    assert len(runs(world)) == 2
    assert [it.phase for it in verifications(stage)] == ["Successful"] * 3
    assert world.held(stage) == {"main": "a"}


def only_run_freight(stage: Stage) -> Any:
    first = stage.freight_history.order_by("pk").first()
    assert first is not None
    item = first.items.first()
    assert item is not None
    return item.freight


def test_a_run_that_is_deleted_midway_ends_the_verification_in_error(
    world: World, metrics: MetricServer
) -> None:
    stage = endless(world, metrics)
    run = AnalysisRun.objects.select_related("project__tenant", "stage").get()

    delete_analysis_run(run, actor=world.alice, now=now())
    world.settle()

    (verification,) = verifications(stage)
    assert verification.phase == "Error"
    assert f'analysisruns.argoproj.io "{run.name}" not found' in verification.message


def test_deleting_a_stage_takes_its_runs_along(world: World, metrics: MetricServer) -> None:
    stage = endless(world, metrics)

    delete_stage(stage, actor=world.alice, now=now())

    assert runs(world) == []
    assert not Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).exists()


def test_arguments_are_expressions(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json(OK)
    template(world, web(f"{metrics.url}/{{{{args.commit}}}}"), args=[{"name": "commit"}])
    world.warehouse()
    value = "${{ vars.prefix + commitFrom('https://git.example.com/team/app.git').ID[36:] }}"
    args = [{"name": "commit", "value": value}, {"name": "unknown", "value": "1"}]
    stage = world.stage(
        "test", **verifying(args=args), vars=[{"name": "prefix", "value": "${{ ctx.stage }}-"}]
    )
    world.promote(stage, world.freight("abcd"))

    world.settle()

    assert metrics.paths == ["GET /test-abcd"]
    assert only_run(world).spec["args"] == [{"name": "commit", "value": "test-abcd"}]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([{"name": "n", "value": "${{ 1 }}"}], "evaluated argument"),
        ([{"name": "n", "value": "${{ nope() }}"}], 'evaluate argument "n"'),
        ([], 'unresolved argument "n"'),
    ],
)
def test_a_run_that_cannot_be_made_says_why(
    world: World, metrics: MetricServer, args: list[Any], message: str
) -> None:
    template(world, web(metrics.url), args=[{"name": "n"}])
    world.warehouse()
    stage = world.stage("test", **verifying(args=args))
    world.promote(stage, world.freight("a"))

    world.settle()

    assert condition(stage, "Verified") == ("False", "VerificationError")
    assert words(stage, "Verified").startswith(
        'error building AnalysisRun for Stage "test" and Freight collection "'
    )
    assert message in words(stage, "Verified")
    assert metrics.asked == []


def test_templates_of_project_and_tenant_join(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json(OK)
    template(world, web(f"{metrics.url}/own", name="own"))
    world.apply_content(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ClusterAnalysisTemplate",
            "metadata": {"name": "all"},
            "spec": {"metrics": [web(f"{metrics.url}/shared", name="shared")]},
        }
    )
    world.warehouse()
    references = [{"name": "all", "kind": "ClusterAnalysisTemplate"}, {"name": "smoke"}]
    stage = world.stage("test", verification={"analysisTemplates": references})
    world.promote(stage, world.freight("a"))

    world.settle()

    assert sorted(metrics.paths) == ["GET /own", "GET /shared"]
    assert condition(stage, "Verified") == ("True", "Verified")


def test_a_metric_in_a_dry_run_fails_nothing(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda asked: answer_json({"ok": asked.path == "/good"})
    template(
        world,
        web(f"{metrics.url}/good", name="good"),
        web(f"{metrics.url}/bad", name="trial"),
        dryRun=[{"metricName": "trial"}],
    )
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))

    world.settle()

    assert condition(stage, "Verified") == ("True", "Verified")
    found = document(only_run(world))["status"]
    assert found["dryRunSummary"]["failed"] == 1
    trial = next(it for it in found["metricResults"] if it["name"] == "trial")
    assert (trial["dryRun"], trial["phase"]) == (True, "Failed")


def test_measurements_go_on_until_there_are_enough(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json(OK)
    template(world, web(metrics.url, interval="1s", count=2))
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    run = only_run(world)
    early = document(run)["status"]
    AnalysisRun.objects.update(status=_aged(run.status))

    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now())
    world.settle()

    assert early["phase"] == "Running"
    assert len(early["metricResults"][0]["measurements"]) == 1
    assert document(run)["status"]["metricResults"][0]["count"] == 2
    assert condition(stage, "Verified") == ("True", "Verified")


def _aged(status: dict[str, Any]) -> dict[str, Any]:
    before = (now() - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for measurement in status["metricResults"][0]["measurements"]:
        measurement["finishedAt"] = before
    return status


def test_metrics_of_one_run_are_measured_side_by_side(world: World, metrics: MetricServer) -> None:
    waiting: list[Asked] = []

    def rule(asked: Asked) -> Answer:
        waiting.append(asked)
        for _ in range(200):
            if len(waiting) == 3:
                return answer_json(OK)
            time.sleep(0.01)
        return answer_json({"ok": False})

    metrics.rule = rule
    template(world, *(web(f"{metrics.url}/{it}", name=it) for it in "abc"))
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))

    world.settle()

    assert condition(stage, "Verified") == ("True", "Verified")


def test_a_run_that_lives_for_a_while_goes(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json(OK)
    world.apply_content(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AnalysisRun",
            "metadata": {"name": "by-hand", "namespace": "demo"},
            "spec": {"metrics": [web(metrics.url)], "ttlStrategy": {"secondsAfterCompletion": 60}},
        }
    )
    world.settle()
    run = only_run(world)
    assert run.phase == "Successful"
    old = {**run.status, "completedAt": "2026-01-01T00:00:00Z"}
    AnalysisRun.objects.update(status=old)

    Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).update(due_at=now())
    world.settle()

    assert runs(world) == []
    assert AnalysisRun.everything.count() == 1


def test_an_annotation_asks_for_another_verification(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json(OK)
    stage = held(world, metrics)
    (first,) = verifications(stage)
    world.apply_content(
        {
            "apiVersion": KARGO_API,
            "kind": "Stage",
            "metadata": {
                "name": "test",
                "namespace": "demo",
                "annotations": {"kargo.akuity.io/reverify": f'{{"id": "{first.uid}"}}'},
            },
            "spec": stage.spec,
        }
    )

    world.settle()

    assert len(verifications(stage)) == len(runs(world)) == 2


def test_freight_that_is_promoted_once_more_is_verified_once_more(
    world: World, metrics: MetricServer
) -> None:
    metrics.rule = lambda _: answer_json({"ok": False})
    stage = held(world, metrics)
    metrics.rule = lambda _: answer_json(OK)

    world.promote(stage, only_run_freight(stage))
    world.settle()

    assert [it.phase for it in verifications(stage)] == ["Failed", "Successful"]
    assert verifications(stage)[1].actor == "controller:promotion-controller"
    promotions = [it.name for it in world.promotions(stage)]
    annotation = "kargo.akuity.io/promotion"
    assert [it.annotations[annotation] for it in runs(world)] == promotions


def test_a_run_that_was_stopped_does_not_speak_for_freight_that_comes_back(
    world: World, metrics: MetricServer
) -> None:
    stage = endless(world, metrics)
    abort_verification(stage, actor=world.alice, now=now())
    world.settle()
    world.promote(stage, world.freight("b"))
    world.settle()
    stage.refresh_from_db()
    abort_verification(stage, actor=world.alice, now=now())
    world.settle()

    world.promote(stage, only_run_freight(stage))
    world.settle()

    assert len(runs(world)) == 3
    assert verifications(stage)[-1].phase == "Running"

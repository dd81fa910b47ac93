"""From a healthy Stage to a run, to verified Freight, to the next Stage."""

import pytest

from promotions.models import Event
from tests.fakes.metrics.server import MetricServer, answer_json
from tests.functional.analysis.scenes import (
    document,
    only_run,
    template,
    verifications,
    verifying,
    web,
)
from tests.functional.domain.world import World, condition, words

pytestmark = pytest.mark.django_db


def test_a_success_verifies_freight_and_the_next_stage_promotes_it(
    world: World, metrics: MetricServer
) -> None:
    metrics.rule = lambda _: answer_json({"ok": True})
    template(world, web(f"{metrics.url}/health"))
    world.warehouse()
    test = world.stage("test", **verifying())
    prod = world.stage("prod", sources={"stages": ["test"]})
    world.automate()
    freight = world.freight("a")

    world.settle()

    run = only_run(world)
    assert run.name.startswith("test.")
    assert run.status["phase"] == "Successful"
    assert metrics.paths == ["GET /health"]
    assert condition(test, "Verified") == ("True", "Verified")
    assert world.phases(prod) == [("a", "Succeeded")]
    (verification,) = verifications(test)
    assert verification.phase == "Successful"
    assert verification.finished_at is not None
    assert freight.standings.get(stage=test).verified_at == verification.finished_at
    assert verification.analysis_run == {
        "name": run.name,
        "namespace": "demo",
        "phase": "Successful",
    }
    (event,) = Event.objects.filter(
        reason="FreightVerificationSucceeded", annotations__has_key="promotion-name"
    )
    assert event.annotations["analysis-run-name"] == run.name
    assert event.annotations["promotion-name"] == world.promotions(test)[0].name


def test_a_run_says_what_argos_would(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json({"ok": True})
    template(world, web(f"{metrics.url}/health"))
    world.warehouse()
    labels = {"team": "a"}
    stage = world.stage("test", **verifying(analysisRunMetadata={"labels": labels}))
    world.promote(stage, world.freight("a"))

    world.settle()

    found = document(only_run(world))
    assert (found["apiVersion"], found["kind"]) == ("argoproj.io/v1alpha1", "AnalysisRun")
    metadata = found["metadata"]
    (verification,) = verifications(stage)
    collection = verification.collection.collection_id
    assert metadata["labels"] == {
        "team": "a",
        "kargo.akuity.io/stage": "test",
        "kargo.akuity.io/freight-collection": collection,
    }
    assert metadata["name"].endswith(f".{collection[:7]}")
    promotion = world.promotions(stage)[0].name
    assert metadata["annotations"] == {"kargo.akuity.io/promotion": promotion}
    assert [it["kind"] for it in metadata["ownerReferences"]] == ["Freight"]
    assert [it["name"] for it in found["spec"]["metrics"]] == ["healthy"]
    (result,) = found["status"]["metricResults"]
    assert (result["phase"], result["successful"]) == ("Successful", 1)
    assert result["measurements"][0]["value"] == "true"
    assert found["status"]["runSummary"] == {"count": 1, "successful": 1}


def test_a_failure_verifies_nothing_and_says_why(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json({"ok": False})
    template(world, web(f"{metrics.url}/health"))
    world.warehouse()
    stage = world.stage("test", **verifying())
    freight = world.freight("a")
    world.promote(stage, freight)

    world.settle()

    assert condition(stage, "Verified") == ("False", "VerificationFailed")
    assert words(stage, "Verified") == (
        'Metric "healthy" assessed Failed due to failed (1) > failureLimit (0)'
    )
    assert freight.standings.get(stage=stage).verified_at is None

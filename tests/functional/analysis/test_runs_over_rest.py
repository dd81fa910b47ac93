"""Runs over the REST API: looked at, made, stopped and deleted."""

import json
from typing import Any

import jsonschema
import pytest
from django.test import Client

from promotions.models import AnalysisRun
from tests.conformance.test_rest_models import SWAGGER
from tests.factories.people import make_operator, make_viewer
from tests.fakes.metrics.server import MetricServer, answer_json
from tests.functional.analysis.scenes import only_run, template, verifying, web
from tests.functional.api.conftest import client_for
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

RUNS = "/v1beta1/projects/demo/analysis-runs"
RESOURCES = "/v1beta1/resources"


@pytest.fixture
def operator_client(world: World) -> Client:
    return client_for(make_operator())


def manifest(url: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisRun",
        "metadata": {"name": "by-hand", "namespace": "demo", "labels": {"a": "b"}},
        "spec": {"metrics": [web(url)], **spec},
    }


def send(client: Client, method: str, document: Any) -> Any:
    call = getattr(client, method)
    return call(RESOURCES, json.dumps(document), content_type="application/json")


def test_a_member_looks_at_a_run(world: World, metrics: MetricServer) -> None:
    metrics.rule = lambda _: answer_json({"ok": True})
    template(world, web(metrics.url))
    world.warehouse()
    stage = world.stage("test", **verifying())
    world.promote(stage, world.freight("a"))
    world.settle()
    run = only_run(world)

    answer = client_for(make_viewer(world.project)).get(f"{RUNS}/{run.name}")

    assert answer.status_code == 200
    found = answer.json()
    assert found["metadata"]["uid"] == str(run.uid)
    assert found["status"]["phase"] == "Successful"
    assert found["metadata"]["resourceVersion"] == str(run.revision)


def test_a_run_is_made_by_hand_and_runs(
    world: World, metrics: MetricServer, operator_client: Client
) -> None:
    metrics.rule = lambda _: answer_json({"ok": True})

    created = send(operator_client, "post", manifest(metrics.url))
    world.settle()

    assert created.status_code == 201, created.content
    document = created.json()["results"][0]["createdResourceManifest"]
    assert (document["kind"], document["metadata"]["labels"]) == ("AnalysisRun", {"a": "b"})
    assert operator_client.get(f"{RUNS}/by-hand").json()["status"]["phase"] == "Successful"


def test_a_run_is_made_once(world: World, metrics: MetricServer, operator_client: Client) -> None:
    send(operator_client, "post", manifest(metrics.url))

    again = send(operator_client, "post", manifest(metrics.url))

    assert again.status_code == 409
    assert again.json() == {"error": 'analysisruns.argoproj.io "by-hand" already exists'}


def test_what_a_run_measures_is_frozen(
    world: World, metrics: MetricServer, operator_client: Client
) -> None:
    send(operator_client, "post", manifest(metrics.url))

    other = send(operator_client, "put", manifest(f"{metrics.url}/other"))
    stopped = send(operator_client, "put", manifest(metrics.url, terminate=True))
    world.settle()

    assert other.status_code == 422
    assert "is immutable but for terminate" in other.json()["error"]
    assert stopped.status_code == 200, stopped.content
    run = AnalysisRun.objects.get()
    assert (run.phase, run.status["message"]) == ("Successful", "Run Terminated")
    assert metrics.asked == []


def test_a_run_is_deleted(world: World, metrics: MetricServer, operator_client: Client) -> None:
    send(operator_client, "post", manifest(metrics.url))

    deleted = send(operator_client, "delete", manifest(metrics.url))

    assert deleted.status_code == 200
    assert operator_client.get(f"{RUNS}/by-hand").status_code == 404
    assert world.settle() == 0


def test_a_viewer_makes_none(world: World, metrics: MetricServer) -> None:
    client = client_for(make_viewer(world.project))

    assert send(client, "post", manifest(metrics.url)).status_code == 403


@pytest.mark.parametrize(
    "spec",
    [
        {"metrics": "no list"},
        {"metrics": [{"name": "a", "provider": {"web": {}}}] * 51},
        {"metrics": [{"name": "a", "provider": {"web": {}}, "successCondition": 5}]},
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    operator_client: Client, spec: dict[str, Any]
) -> None:
    document = {**manifest("http://127.0.0.1"), "spec": spec}

    answer = send(operator_client, "post", document)

    assert answer.status_code == 422
    assert "spec.metrics" in answer.json()["error"]


def test_a_run_fits_kargos_description(
    world: World, metrics: MetricServer, operator_client: Client
) -> None:
    metrics.rule = lambda _: answer_json({"ok": True})
    retention = [{"metricName": "healthy", "limit": 3}]
    spec = {"measurementRetention": retention, "ttlStrategy": {"secondsAfterCompletion": 9000}}
    send(operator_client, "post", manifest(metrics.url, **spec))
    world.settle()

    found = operator_client.get(f"{RUNS}/by-hand").json()

    definitions = json.loads(SWAGGER.read_text())["definitions"]
    schema = {"definitions": definitions, "$ref": "#/definitions/RolloutsAnalysisRun"}
    jsonschema.Draft4Validator(schema).validate(found)
    assert found["spec"]["measurementRetention"] == retention
    assert found["spec"]["ttlStrategy"] == {"secondsAfterCompletion": 9000}
    assert found["status"]["metricResults"][0]["measurements"][0]["phase"] == "Successful"

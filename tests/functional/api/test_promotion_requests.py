"""Targets and promotion requests over the API: Kargo's doors, and the platform's own."""

from typing import Any

import pytest
from django.test import Client

from promotions.models import PromotionRequest, Stage, Target
from tests.functional.api.conftest import Scene

V1 = "/api/v1/projects/demo"
RESOURCES = "/v1beta1/resources"
KARGO = {"apiVersion": "kargo.akuity.io/v1alpha1"}


def manifest(kind: str, name: str, **parts: Any) -> dict[str, Any]:
    return {**KARGO, "kind": kind, "metadata": {"name": name, "namespace": "demo"}, **parts}


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, data=body or {}, content_type="application/json")


@pytest.fixture
def fleet(scene: Scene) -> Scene:
    """``test`` selects targets: ``a``, ``b`` and ``c``."""
    spec = {**scene.test.spec, "targets": {"selectors": [{}]}}
    Stage.objects.filter(pk=scene.test.pk).update(spec=spec)
    for name in ("b", "a", "c"):
        Target.objects.create(project=scene.project, name=name, spec={})
    return scene


def promote(client: Client, **body: Any) -> Any:
    return post(client, "/v1beta1/projects/demo/stages/test/promotions", body)


def test_promoting_to_a_stage_with_targets_answers_a_request(alice: Client, fleet: Scene) -> None:
    response = promote(alice, freight=fleet.new.name)

    document = response.json()
    assert response.status_code == 201
    assert document["kind"] == "PromotionRequest"
    assert document["spec"] == {
        "stage": "test",
        "freight": fleet.new.name,
        "targets": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    }
    assert document["status"] == {"phase": "Pending"}


def test_a_stage_with_targets_is_not_promoted_to_by_origin(alice: Client, fleet: Scene) -> None:
    response = promote(alice, origin="Warehouse/main")

    assert response.status_code == 400
    assert "promotes to targets; name the freight" in response.json()["error"]


def test_downstream_answers_requests_apart(alice: Client, fleet: Scene) -> None:
    spec = {**fleet.prod.spec, "targets": {"selectors": []}}
    Stage.objects.filter(pk=fleet.prod.pk).update(spec=spec)
    fleet.new.standings.create(stage=fleet.prod, approved_at=fleet.new.created_at)
    path = "/v1beta1/projects/demo/stages/test/promotions/downstream"

    response = post(alice, path, {"freight": fleet.new.name})

    document = response.json()
    assert response.status_code == 201
    assert document["promotions"] == []
    assert [it["spec"]["targets"] for it in document["promotionRequests"]] == [[]]


def test_targets_are_manifests(alice: Client, scene: Scene) -> None:
    params = {"cluster": {"region": "eu"}, "none": None, "list": [1, "2"]}
    body = manifest("Target", "eu", spec={"params": params})

    created = post(alice, RESOURCES, body)
    found = alice.get(f"{V1}/targets/eu").json()
    listed = alice.get(f"{V1}/targets").json()
    deleted = alice.delete(RESOURCES, data=body, content_type="application/json")

    assert created.status_code == 201
    assert found["spec"] == {"params": params}
    assert ([it["metadata"]["name"] for it in listed["items"]], listed["after"]) == (["eu"], None)
    assert deleted.status_code == 200
    assert alice.get(f"{V1}/targets/eu").status_code == 404


@pytest.mark.parametrize(
    ("targets", "status", "reason"),
    [
        ([], 201, ""),
        ([{"name": "a"}], 201, ""),
        ([{"name": "a"}, {"name": "a"}, {"name": "a"}], 422, "spec.targets[2].name: "),
        ([{"name": "a"}, {"name": "x"}], 422, 'spec.targets[1].name: targets.kargo.akuity.io "x"'),
        (None, 422, "spec.targets: "),
    ],
)
def test_a_request_is_checked_as_kargo_checks_it(
    alice: Client, fleet: Scene, targets: Any, status: int, reason: str
) -> None:
    spec = {"stage": "test", "freight": fleet.new.name, "targets": targets}

    response = post(alice, RESOURCES, manifest("PromotionRequest", "any", spec=spec))

    assert response.status_code in {status, 400 if status != 201 else status}
    assert reason in response.json().get("error", "")


def test_a_request_needs_a_stage_that_selects_targets(alice: Client, scene: Scene) -> None:
    spec = {"stage": "test", "freight": scene.new.name, "targets": []}

    response = post(alice, RESOURCES, manifest("PromotionRequest", "any", spec=spec))

    assert "selects no targets" in response.json()["error"]


def test_only_targets_of_a_request_can_change(alice: Client, fleet: Scene) -> None:
    body = {"stage": "test", "freight": fleet.new.name, "targets": ["a"]}
    made = post(alice, f"{V1}/promotion-requests", body).json()

    def put(**changes: Any) -> Any:
        spec = {**made["spec"], **changes}
        body = manifest("PromotionRequest", made["metadata"]["name"], spec=spec)
        return alice.put(RESOURCES, data=body, content_type="application/json")

    grown = put(targets=[{"name": "a"}, {"name": "b"}])
    shrunk = put(targets=[{"name": "b"}])
    moved = put(stage="prod", freight=fleet.old.name)

    assert grown.json()["results"][0]["updatedResourceManifest"]["metadata"]["generation"] == 2
    assert "can be added but not removed" in shrunk.json()["error"]
    assert "spec.stage: is immutable" in moved.json()["error"]
    assert "spec.freight: is immutable" in moved.json()["error"]


def test_requests_are_made_listed_and_aborted(alice: Client, fleet: Scene) -> None:
    body = {"stage": "test", "freight": fleet.new.alias}
    name = post(alice, f"{V1}/promotion-requests", body).json()["metadata"]["name"]

    listed = alice.get(f"{V1}/promotion-requests?stage=test&limit=1").json()
    aborted = post(alice, f"{V1}/promotion-requests/{name}/abort")
    early = post(alice, f"{V1}/promotion-requests/{name}/retry")

    assert [it["metadata"]["name"] for it in listed["items"]] == [name]
    assert aborted.status_code == 200
    assert PromotionRequest.objects.get().aborted_by == "email:alice@example.com"
    assert early.status_code == 409


@pytest.mark.parametrize(
    "body", [{}, {"stage": "test"}, {"stage": "test", "freight": "x", "targets": "a"}]
)
def test_a_bad_body_is_refused(alice: Client, fleet: Scene, body: dict[str, Any]) -> None:
    assert post(alice, f"{V1}/promotion-requests", body).status_code in {400, 404}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("maxParallel: 0", "maxParallel"),
        ("maxParalel: 3", '"maxParalel" is not known'),
        ("failureBudget: 120%", "failureBudget"),
        ("pauseBetweenWaves: soon", "pauseBetweenWaves"),
        ("[1]", "must be an object"),
        ("{", ""),
    ],
)
def test_a_malformed_policy_is_refused_with_its_place(
    alice: Client, scene: Scene, text: str, reason: str
) -> None:
    body = manifest("Stage", "test", spec=scene.test.spec)
    body["metadata"]["annotations"] = {"kargo.akuity.io/rollout": text}

    response = alice.put(RESOURCES, data=body, content_type="application/json")

    assert response.status_code in {400, 422}
    assert "metadata.annotations.kargo.akuity.io/rollout" in response.json()["error"]
    assert reason in response.json()["error"]


def test_a_viewer_promotes_nowhere_and_sees_requests(bob: Client, fleet: Scene) -> None:
    assert promote(bob, freight=fleet.new.name).status_code == 403
    assert bob.get(f"{V1}/promotion-requests").status_code == 200
    body = {"stage": "test", "freight": fleet.new.name}
    assert post(bob, f"{V1}/promotion-requests", body).status_code == 403

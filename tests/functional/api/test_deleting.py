"""Deleting: by address, and by manifest."""

import json
from typing import Any

import pytest
from django.test import Client

from projects.models import Project
from promotions.models import Freight, Promotion, Stage, Warehouse, Work
from rbac.models import AuditEvent
from tests.factories.domain import hold_freight
from tests.factories.rich import Rich, make_rich
from tests.factories.rich_manifests import document
from tests.functional.api.conftest import Scene

P = "/v1beta1/projects/demo"
RESOURCES = "/v1beta1/resources"


@pytest.fixture
def rich(db: None) -> Rich:
    return make_rich()


def _delete(client: Client, *documents: dict[str, Any]) -> Any:
    body = json.dumps(documents)
    return client.generic("DELETE", RESOURCES, body, content_type="text/plain")


def test_a_deleted_stage_takes_its_promotions_with_it(alice: Client, scene: Scene) -> None:
    answer = alice.delete(f"{P}/stages/test")

    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.get(f"{P}/stages/test").status_code == 404
    assert alice.delete(f"{P}/stages/test").status_code == 404
    assert not Promotion.objects.filter(pk=scene.promotion.pk).exists()
    assert AuditEvent.objects.filter(action="stage.delete", object_name="test").count() == 1


def test_who_may_only_look_deletes_nothing(bob: Client, scene: Scene) -> None:
    answers = [
        bob.delete(f"{P}/{path}")
        for path in ("stages/test", "warehouses/main", f"freight/{scene.new.name}", "config")
    ]

    assert {it.status_code for it in answers} == {403}
    assert bob.delete(P).status_code == 403
    assert Stage.objects.filter(name="test").exists()


def test_freight_that_a_stage_holds_stays(alice: Client, scene: Scene) -> None:
    hold_freight(scene.test, scene.old)

    held = alice.delete(f"{P}/freight/{scene.old.alias}")

    assert held.status_code == 403
    assert alice.delete(f"{P}/freight/{scene.new.alias}").status_code == 204
    assert [it.name for it in Freight.objects.all()] == [scene.old.name]


def test_a_project_goes_with_everything_in_it(operator: Client, scene: Scene) -> None:
    assert operator.delete(P).status_code == 204

    assert operator.get(P).status_code == 404
    assert not Project.objects.filter(name="demo").exists()
    assert not Stage.objects.exists()
    assert not Warehouse.objects.exists()
    assert not Work.objects.filter(uid=scene.test.uid).exists()


def test_manifests_are_deleted_in_order_with_projects_last(operator: Client, rich: Rich) -> None:
    project, stage = document("Project", "demo"), document("Stage", "prod")
    task = document("PromotionTask", "deploy")

    answer = _delete(operator, project, stage, task)

    assert answer.status_code == 200
    assert answer.json() == {
        "results": [{"deletedResourceManifest": it} for it in (stage, task, project)]
    }
    assert not Project.objects.filter(name="demo").exists()


def test_a_single_manifest_that_fails_fails_the_request(operator: Client, rich: Rich) -> None:
    answer = _delete(operator, document("Stage", "nowhere"))

    assert answer.status_code == 404
    assert answer.json() == {"error": 'stages.kargo.akuity.io "nowhere" not found'}


def test_of_several_manifests_each_is_told_by_itself(operator: Client, rich: Rich) -> None:
    answer = _delete(operator, document("Stage", "nowhere"), document("Stage", "prod"))

    failed, deleted = answer.json()["results"]
    assert answer.status_code == 200
    assert failed == {"error": 'stages.kargo.akuity.io "nowhere" not found'}
    assert deleted["deletedResourceManifest"]["metadata"]["name"] == "prod"


def test_every_kind_that_can_be_applied_can_be_deleted(operator: Client, rich: Rich) -> None:
    argo, message = "argoproj.io/v1alpha1", "ee.kargo.akuity.io/v1alpha1"
    documents = [
        document("Promotion", rich.waiting.name),
        document("Freight", rich.spare.name),
        document("Stage", "test"),
        document("Warehouse", "main"),
        document("PromotionTask", "deploy"),
        document("ClusterPromotionTask", "deploy-all"),
        document("AnalysisTemplate", "check", group=argo),
        document("ClusterAnalysisTemplate", "check-all", group=argo),
        document("MessageChannel", "team", group=message),
        document("ClusterMessageChannel", "all", group=message),
        document("ConfigMap", "settings", group="v1"),
        document("Secret", "slack", group="v1"),
        document("ProjectConfig", "demo"),
        document("ClusterConfig", "cluster"),
        document("Project", "demo"),
    ]

    answer = _delete(operator, *documents)

    assert [it for it in answer.json()["results"] if "error" in it] == []
    again = _delete(operator, *documents).json()["results"]
    assert all("not found" in it["error"] for it in again)


def test_a_secret_that_is_deleted_comes_back_without_its_values(
    operator: Client, rich: Rich
) -> None:
    secret = document("Secret", "slack", group="v1", stringData={"apiKey": "not-shown"})

    answer = _delete(operator, secret)

    assert answer.status_code == 200
    assert b"not-shown" not in answer.content
    assert b"apiKey" in answer.content


def test_deleting_a_promotion_needs_the_right_to_promote_to_its_own_stage(
    bob: Client, alice: Client, scene: Scene
) -> None:
    lying = document("Promotion", scene.promotion.name, spec={"stage": "prod"})

    assert _delete(bob, lying).status_code == 403
    assert _delete(alice, lying).status_code == 200
    assert not Promotion.objects.filter(pk=scene.promotion.pk).exists()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ({"kind": "Stage"}, 422),
        (document("Stage", ""), 422),
        (document("Stage", "test", metadata={"namespace": ""}), 422),
        (document("Nonsense", "test"), 422),
        (document("ClusterConfig", "other"), 404),
        (document("Stage", "test", metadata={"namespace": "nowhere"}), 404),
    ],
)
def test_a_manifest_that_names_nothing_is_refused(
    operator: Client, rich: Rich, content: dict[str, Any], status: int
) -> None:
    assert _delete(operator, content).status_code == status


def test_a_body_without_manifests_deletes_nothing(operator: Client) -> None:
    assert operator.generic("DELETE", RESOURCES, "null").status_code == 400

"""Promoting over the API: the ways, and the refusals in their order."""

from typing import Any

import pytest
from django.test import Client

from common.clock import now
from promotions.models import Promotion
from rbac.models import AuditEvent
from tests.factories.domain import make_standing
from tests.functional.api.conftest import Scene

PATH = "/v1beta1/projects/demo/stages/{}/promotions"
BLANKS = {"freight": "", "freightAlias": "", "origin": ""}


def promote(client: Client, stage: str = "test", **body: Any) -> Any:
    return client.post(PATH.format(stage), data={**BLANKS, **body}, content_type="application/json")


def test_promoting_by_name_answers_with_the_promotion(alice: Client, scene: Scene) -> None:
    response = promote(alice, freight=scene.new.name)

    document = response.json()
    assert response.status_code == 201
    assert document["kind"] == "Promotion"
    assert document["metadata"]["namespace"] == "demo"
    assert document["spec"]["stage"] == "test"
    assert document["spec"]["freight"] == scene.new.name
    assert document["spec"]["steps"]


def test_a_promotion_says_who_asked_for_it(alice: Client, scene: Scene) -> None:
    name = promote(alice, freight=scene.new.name).json()["metadata"]["name"]

    event = AuditEvent.objects.get(action="promotion.create")
    assert Promotion.objects.get(name=name).actor == "email:alice@example.com"
    assert (event.actor, event.object_name) == ("email:alice@example.com", name)
    assert event.address == "127.0.0.1"


def test_promoting_by_alias(alice: Client, scene: Scene) -> None:
    response = promote(alice, freightAlias=scene.old.alias)

    assert response.json()["spec"]["freight"] == scene.old.name


def test_promoting_by_origin_takes_the_newest_candidate(alice: Client, scene: Scene) -> None:
    response = promote(alice, origin="Warehouse/main")

    assert response.json()["spec"]["freight"] == scene.new.name


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"freight": "x", "freightAlias": "y"},
        {"freight": 1},
    ],
)
def test_the_body_is_judged_first(bob: Client, scene: Scene, body: dict[str, Any]) -> None:
    assert promote(bob, stage="nowhere", **body).status_code == 400


def test_a_body_that_is_not_json_is_a_bad_request(alice: Client, scene: Scene) -> None:
    response = alice.post(PATH.format("test"), data="{", content_type="application/json")

    assert response.status_code == 400
    assert "JSON" in response.json()["error"]


def test_the_stage_is_looked_for_second(bob: Client, scene: Scene) -> None:
    response = promote(bob, stage="nowhere", freight=scene.new.name)

    assert response.status_code == 404
    assert response.json() == {"error": 'stages.kargo.akuity.io "nowhere" not found'}


def test_the_right_to_promote_is_asked_for_third(bob: Client, scene: Scene) -> None:
    response = promote(bob, freight="nowhere")

    assert response.status_code == 403
    assert response.json() == {
        "error": 'stages.kargo.akuity.io "test" is forbidden: promote is not permitted'
    }


def test_the_freight_is_looked_for_fourth(alice: Client, scene: Scene) -> None:
    assert promote(alice, freight="nowhere").status_code == 404
    assert promote(alice, freight=scene.new.alias).status_code == 404
    assert promote(alice, freightAlias=scene.new.name).status_code == 404


def test_availability_is_judged_last(alice: Client, scene: Scene) -> None:
    before = promote(alice, stage="prod", freight=scene.new.name)
    make_standing(scene.test, scene.new, verified_at=now())

    after = promote(alice, stage="prod", freight=scene.new.name)

    assert before.status_code == 400
    assert after.status_code == 201


def test_an_origin_that_is_none_is_a_bad_request(alice: Client, scene: Scene) -> None:
    assert promote(alice, origin="main").status_code == 400
    assert promote(alice, origin="Warehouse/other").status_code == 422

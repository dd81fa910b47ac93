"""Answering what a step of a promotion asks, through our own API."""

from typing import Any

import pytest
from django.test import Client

from common.jsontypes import JSONObject
from promotions.engine.phases import PromotionPhase
from promotions.models import Promotion, PromotionPrompt, PromotionResponse, StepExecution
from tests.factories.domain import NOON, make_promotion
from tests.factories.people import make_operator, make_person
from tests.functional.api.conftest import Scene, client_for

FORM: JSONObject = {
    "schema": {"type": "object", "required": ["note"], "properties": {"note": {"type": "string"}}}
}


def asking(scene: Scene, kind: str = "wait-for-approval", **config: Any) -> Promotion:
    """Return a running promotion whose step ``task::ask`` waits for people."""
    promotion = make_promotion(scene.prod, scene.new, phase=PromotionPhase.RUNNING)
    StepExecution.objects.create(
        promotion=promotion,
        index=0,
        alias="task::ask",
        kind=kind,
        status="Running",
        started_at=NOON,
    )
    PromotionPrompt.objects.create(
        promotion=promotion, alias="task::ask", kind=kind, config=config, asked_at=NOON
    )
    return promotion


def path(promotion: Promotion, alias: str = "task::ask", tenant: str = "") -> str:
    start = f"/t/{tenant}/api/v1" if tenant else "/api/v1"
    return f"{start}/projects/demo/promotions/{promotion.name}/steps/{alias}/responses"


def post(client: Client, address: str, **body: Any) -> Any:
    return client.post(address, body, content_type="application/json")


def test_whoever_sees_the_promotion_may_answer_if_nobody_in_particular_is_asked(
    alice: Client, bob: Client, scene: Scene
) -> None:
    promotion = asking(scene, minApprovals=2)

    first = post(bob, path(promotion), action="approve", message="fine")
    seen = alice.get(path(promotion, tenant="default")).json()
    second = post(alice, path(promotion), action="reject")

    assert first.status_code == second.status_code == 201
    assert seen["waiting"] is seen["mayRespond"] is True
    assert seen["alias"] == "task::ask"
    assert seen["config"] == {"minApprovals": 2}
    (response,) = seen["responses"]
    assert (response["user"], response["action"]) == ("bob@example.com", "approve")
    assert response["message"] == "fine"
    assert [it["action"] for it in second.json()["responses"]] == ["approve", "reject"]
    assert bob.get(path(promotion)).json()["waiting"] is False


def test_whom_the_step_does_not_ask_is_told_so(alice: Client, bob: Client, scene: Scene) -> None:
    promotion = asking(scene, approvers=[{"role": "kargo-admin"}])

    refused = post(bob, path(promotion), action="approve")

    assert refused.status_code == 403
    assert refused.json() == {"error": 'The step "task::ask" asks only: role kargo-admin.'}
    assert bob.get(path(promotion)).json()["mayRespond"] is False
    assert post(alice, path(promotion), action="approve").status_code == 201


def test_to_strangers_it_is_not_there(charlie: Client, scene: Scene) -> None:
    promotion = asking(scene)
    stranger = client_for(make_person("dave"))

    for client in (charlie, stranger):
        assert post(client, path(promotion), action="approve").status_code == 404
        assert client.get(path(promotion)).status_code == 404
    assert Client().post(path(promotion)).status_code == 401
    assert not PromotionResponse.objects.exists()


def test_an_operator_answers_where_nobody_in_particular_is_asked(scene: Scene) -> None:
    operator = client_for(make_operator())

    assert post(operator, path(asking(scene)), action="approve").status_code == 201
    rules = [{"role": "kargo-admin"}]
    assert post(operator, path(asking(scene, approvers=rules)), action="approve").status_code == 403


def test_a_form_is_submitted_once(alice: Client, bob: Client, scene: Scene) -> None:
    promotion = asking(scene, "get-user-input", **FORM)

    wrong = post(bob, path(promotion), action="submit", values={"note": 1})
    good = post(bob, path(promotion), action="submit", values={"note": "hi"})
    late = post(alice, path(promotion), action="submit", values={"note": "ho"})

    assert wrong.status_code == 422
    assert "note: Invalid type" in wrong.json()["error"]
    assert good.status_code == 201
    assert good.json()["responses"][0]["values"] == {"note": "hi"}
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"action": "maybe"}, 400),
        ({"action": 1}, 400),
        ({"action": "approve", "message": 1}, 400),
        ({"action": "approve", "message": "\0"}, 400),
        ({"action": "submit"}, 400),
        ({"action": "submit", "values": []}, 400),
        ({"action": "submit", "values": {}}, 422),
        ({"action": "approve", "message": "x" * 2001}, 422),
    ],
)
def test_an_answer_that_is_none_is_refused(
    bob: Client, scene: Scene, body: dict[str, Any], status: int
) -> None:
    promotion = asking(scene)

    response = post(bob, path(promotion), **body)

    assert response.status_code == status
    assert response.json()["error"]


def test_values_nested_without_end_are_refused(bob: Client, scene: Scene) -> None:
    promotion = asking(scene, "get-user-input", **FORM)
    deep = '{"action": "submit", "values": ' + '{"a":' * 900 + "1" + "}" * 901

    response = bob.post(path(promotion), deep, content_type="application/json")

    assert response.status_code in {400, 422}


def test_what_does_not_wait_takes_no_answers(bob: Client, scene: Scene) -> None:
    promotion = asking(scene)
    StepExecution.objects.filter(promotion=promotion).update(finished_at=NOON)

    assert post(bob, path(promotion), action="approve").status_code == 409
    assert post(bob, path(promotion, "other"), action="approve").status_code == 404
    assert bob.get(path(promotion, "other")).status_code == 404
    assert bob.get(path(promotion).replace(promotion.name, "gone")).status_code == 404

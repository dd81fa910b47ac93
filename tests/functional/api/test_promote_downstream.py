"""Promoting to every Stage that takes from one."""

from typing import Any

import pytest
from django.test import Client

from promotions.models import Promotion
from tests.factories.domain import NOON, make_stage, make_standing
from tests.functional.api.conftest import Scene

P = "/v1beta1/projects/demo"
ADDRESS = f"{P}/stages/test/promotions/downstream"


@pytest.fixture(autouse=True)
def verified(scene: Scene) -> None:
    make_standing(scene.test, scene.new, verified_at=NOON)


def _promote(client: Client, body: Any, *, address: str = ADDRESS) -> Any:
    return client.post(address, body, content_type="application/json")


def _stages() -> list[str]:
    rows = Promotion.objects.exclude(stage__name="test").order_by("stage__name")
    return [row.stage.name for row in rows]


def test_every_stage_downstream_gets_a_promotion(alice: Client, scene: Scene) -> None:
    make_stage(scene.project, "canary", upstream=("test", "elsewhere"))
    make_stage(scene.project, "apart")
    make_stage(scene.project, "charts", warehouse="charts", upstream=("test",))

    answer = _promote(alice, {"freight": scene.new.name, "freightAlias": ""})

    assert answer.status_code == 201
    assert list(answer.json()) == ["promotions"]
    names = [it["spec"]["stage"] for it in answer.json()["promotions"]]
    assert names == _stages() == ["canary", "prod"]


def test_stages_without_steps_are_passed_over(alice: Client, scene: Scene) -> None:
    through = make_stage(scene.project, "through", upstream=("test",), is_control_flow=True)
    del through.spec["promotionTemplate"]
    through.save(update_fields=["spec"])

    answer = _promote(alice, {"freightAlias": scene.new.alias})

    assert answer.status_code == 201
    assert _stages() == ["prod"]


def test_what_fails_does_not_stop_the_others(alice: Client, scene: Scene) -> None:
    broken = make_stage(scene.project, "broken", upstream=("test",))
    broken.spec["promotionTemplate"] = {"spec": {"steps": [{"task": {"name": "missing"}}]}}
    broken.save(update_fields=["spec"])

    answer = _promote(alice, {"freight": scene.new.name})

    assert answer.status_code == 207
    assert "missing" in answer.json()["errors"]
    assert [it["spec"]["stage"] for it in answer.json()["promotions"]] == ["prod"]


def test_one_refusal_refuses_all(alice: Client, bob: Client, scene: Scene) -> None:
    soaking = make_stage(scene.project, "soaking", upstream=("test",))
    soaking.spec["requestedFreight"][0]["sources"]["requiredSoakTime"] = "1h"
    soaking.save(update_fields=["spec"])

    assert _promote(bob, {"freight": scene.new.name}).status_code == 403
    unavailable = _promote(alice, {"freight": scene.new.name})
    assert unavailable.status_code == 400
    assert "soaking" in unavailable.json()["error"]
    assert _stages() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"freight": "a", "freightAlias": "b"}, 400),
        ({"freight": 1}, 400),
        ({"freight": "nothing"}, 404),
        ({"freightAlias": "nothing"}, 404),
    ],
)
def test_it_takes_exactly_one_name_of_freight(alice: Client, body: Any, status: int) -> None:
    assert _promote(alice, body).status_code == status


def test_a_stage_that_is_last_has_nothing_downstream(alice: Client, scene: Scene) -> None:
    last = _promote(
        alice,
        {"freight": scene.new.name},
        address=f"{P}/stages/prod/promotions/downstream",
    )

    assert last.status_code == 404
    assert "not found" in last.json()["error"]
    missing = _promote(
        alice, {"freight": scene.new.name}, address=f"{P}/stages/no/promotions/downstream"
    )
    assert missing.status_code == 404

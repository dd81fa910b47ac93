"""What the API answers is what Kargo's own REST description allows, with no key more.

The stock command line refuses unknown keys. ``KARGO_SWAGGER`` names the description.
"""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.test import Client

from promotions.engine.phases import PromotionPhase
from promotions.models import StepExecution, Verification
from tests.factories.domain import (
    NOON,
    hold_freight,
    make_freight,
    make_project,
    make_promotion,
    make_stage,
    make_standing,
    make_warehouse,
)
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "reference" / "data"
SWAGGER = Path(os.environ.get("KARGO_SWAGGER", "") or _BESIDE / "kargo-rest-swagger.json")

P = "/v1beta1/projects/{project}"
ANSWERS = [
    ("/v1beta1/projects", "/v1beta1/projects"),
    (P, P),
    *((f"{P}/{noun}", f"{P}/{noun}") for noun in ("stages", "warehouses", "promotions", "freight")),
    (f"{P}/stages/{{stage}}", f"{P}/stages/test"),
    (f"{P}/warehouses/{{warehouse}}", f"{P}/warehouses/main"),
    (f"{P}/freight/{{freight-name-or-alias}}", f"{P}/freight/quick-fox"),
    ("/v1beta1/system/server-version", "/v1beta1/system/server-version"),
    ("/v1beta1/system/server-config", "/v1beta1/system/server-config"),
    ("/v1beta1/system/public-server-config", "/v1beta1/system/public-server-config"),
]


@pytest.fixture(scope="module")
def swagger() -> dict[str, Any]:
    if not SWAGGER.exists():
        pytest.skip(f"no description of Kargo's API at {SWAGGER}")
    document: dict[str, Any] = json.loads(SWAGGER.read_text())
    return document


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_operator("admin"))
    project = make_project()
    warehouse = make_warehouse(project)
    stage = make_stage(project)
    freight = make_freight(warehouse, tag="1.0.0", alias="quick-fox")
    promotion = make_promotion(stage, freight, phase=PromotionPhase.SUCCEEDED)
    StepExecution.objects.create(
        promotion=promotion, index=0, alias="out", kind="compose-output", status="Succeeded"
    )
    collection = hold_freight(stage, freight, promotion=promotion)
    Verification.objects.create(collection=collection, phase="Successful", started_at=NOON)
    make_standing(make_stage(project, "prod", upstream=("test",)), freight, approved_at=NOON)
    stage.last_promotion = promotion
    stage.save(update_fields=["last_promotion"])
    return client


@pytest.mark.parametrize(("path", "address"), ANSWERS, ids=[path for path, _ in ANSWERS])
def test_an_answer_has_the_described_shape_and_no_key_more(
    operator: Client, swagger: dict[str, Any], path: str, address: str
) -> None:
    schema = _schema_of(swagger, path)

    response = operator.get(address.format(project="demo"))

    assert response.status_code == 200
    closed = {**schema, "definitions": _closed(swagger)}
    jsonschema.Draft4Validator(closed).validate(response.json())


def _schema_of(swagger: dict[str, Any], path: str) -> dict[str, Any]:
    found = [it for it in swagger["paths"] if it == path or _is_alike(it, path)]
    schema: dict[str, Any] = swagger["paths"][found[0]]["get"]["responses"]["200"]["schema"]
    return schema


def _is_alike(described: str, wanted: str) -> bool:
    one, other = described.split("/"), wanted.split("/")
    return len(one) == len(other) and all(
        left == right or (left.startswith("{") and right.startswith("{"))
        for left, right in zip(one, other, strict=True)
    )


def _closed(swagger: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions, closed to unknown keys wherever they name their own."""
    return {
        name: {"additionalProperties": False, **it} if "properties" in it else it
        for name, it in swagger["definitions"].items()
    }

"""What requests may look like: slashes, sizes, and rules that name single objects."""

from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIRequestFactory, force_authenticate

from promotions.api.v1beta1.get_stage import GetStage
from rbac.actors import Actor, ActorKind, Grant
from rbac.rules import KARGO, Rule
from tests.factories.people import make_person
from tests.functional.api.conftest import Scene

P = "/v1beta1/projects/demo"
MEBIBYTE = 1 << 20


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{P}/stages/?x=%2F", 301),
        ("GET", "/t/default/v1beta1/projects/", 301),
        ("HEAD", f"{P}/", 301),
        ("POST", f"{P}/stages/test/refresh/", 307),
        ("DELETE", "/v1beta1/resources/", 307),
    ],
)
def test_an_address_with_a_slash_leads_to_the_one_without(
    client: Client, db: None, method: str, path: str, status: int
) -> None:
    answer = client.generic(method, path)

    assert answer.status_code == status
    assert answer["Location"] == path.replace("/?", "?").removesuffix("/")


@pytest.mark.parametrize("path", ["/v1beta1/nothing/", "/v1beta1//evil.example.com/", "/v1beta1/"])
def test_a_slash_leads_nowhere_where_nothing_is(alice: Client, path: str) -> None:
    answer = alice.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"error": "not found"}
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", f"{P}/stages/test/refresh", MEBIBYTE),
        ("GET", f"{P}/stages", MEBIBYTE),
        ("DELETE", "/v1beta1/resources", 4 * MEBIBYTE),
        ("POST", "/v1beta1/resources", 4 * MEBIBYTE),
    ],
)
def test_a_body_is_refused_by_the_length_it_says_once_the_caller_is_known(
    alice: Client, scene: Scene, method: str, path: str, limit: int
) -> None:
    length: dict[str, Any] = {"CONTENT_LENGTH": str(limit + 1)}

    known = alice.generic(method, path, b"{}", content_type="text/plain", **length)
    unknown = Client().generic(method, path, b"{}", content_type="text/plain", **length)

    assert known.status_code == 413
    assert known.json() == {"error": "request body too large"}
    assert unknown.status_code == 401


def test_a_rule_that_names_an_object_opens_that_one_only(scene: Scene) -> None:
    rule = Rule((KARGO,), ("stages",), ("get",), ("test",))
    opened = {name: _status_of(scene, rule, name) for name in ("test", "prod")}

    assert opened == {"test": 200, "prod": 403}


def _status_of(scene: Scene, rule: Rule, stage: str) -> int:
    tenant: UUID = scene.project.tenant.uid
    grant = Grant("role", tenant, scene.project.uid, rules=(rule,))
    actor = Actor(kind=ActorKind.USER, name="email:dan@example.com", grants=(grant,))
    request = APIRequestFactory().get(f"{P}/stages/{stage}")
    force_authenticate(request, user=make_person(f"dan-{stage}"), token=actor)  # type: ignore[arg-type] # ours is an Actor
    answer = GetStage.as_view()(request, project="demo", stage=stage)
    return int(answer.status_code)

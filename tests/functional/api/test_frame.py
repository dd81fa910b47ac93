"""What every address of the API has in common."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import get_resolver

from rbac.checks import check_declared_access, routes
from rbac.rest.routing import handlers_of
from tests.functional.api.conftest import Scene

pytestmark = pytest.mark.django_db

_PROJECT = "v1beta1/projects/<str:project>"
_NAMES = {
    "project": "demo",
    "stage": "test",
    "warehouse": "main",
    "freight": "{freight}",
    "promotion": "{promotion}",
}


def _endpoints() -> Iterator[tuple[str, str]]:
    """Yield every method and address under a project, with the names of the scene's objects."""
    for route, callback in routes(get_resolver().url_patterns):
        if not route.startswith(_PROJECT):
            continue
        address = re.sub(r"<\w+:(\w+)>", lambda it: _NAMES.get(it[1], "any"), f"/{route}")
        for method in handlers_of(callback):
            if method == "WATCH":
                yield "GET", f"{address}?watch=true"
            else:
                yield method, address


ENDPOINTS = sorted(_endpoints())


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_another_tenants_things_answer_like_missing_ones(
    charlie: Client, scene: Scene, method: str, path: str
) -> None:
    address = path.format(freight=scene.new.name, promotion=scene.promotion.name)

    theirs = charlie.generic(method, address)
    missing = charlie.generic(method, address.replace("/demo", "/nowhere"))

    assert theirs.status_code == missing.status_code == 404
    assert theirs.json()["error"].replace("demo", "nowhere") == missing.json()["error"]


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody_gets_in_without_a_token(
    client: Client, scene: Scene, method: str, path: str
) -> None:
    address = path.format(freight=scene.new.name, promotion=scene.promotion.name)

    response = client.generic(method, address)

    assert response.status_code == 401
    assert response.json() == {"error": "no token provided"}


def test_a_token_that_is_none_says_no_more_than_that(client: Client, db: None) -> None:
    response = client.get("/v1beta1/projects", headers={"Authorization": "Bearer kp_0_1"})

    assert response.status_code == 401
    assert response.json() == {"error": "invalid token"}


def test_a_bare_token_works_too(alice: Client) -> None:
    header = alice.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")

    response = Client(headers={"Authorization": header}).get("/v1beta1/projects/demo")

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1beta1/nothing"), ("DELETE", "/v1beta1/login"), ("GET", "/t/demo/v1beta1/x/y")],
)
def test_unknown_paths_and_methods_are_404_in_json(
    alice: Client, client: Client, method: str, path: str
) -> None:
    known = alice.generic(method, path)

    assert known.status_code == 404
    assert known.json() == {"error": "not found"}
    assert client.generic(method, path).status_code == 401


def test_a_client_that_asks_for_an_event_stream_is_not_refused(alice: Client) -> None:
    response = alice.get("/v1beta1/projects/demo/stages", headers={"Accept": "text/event-stream"})

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"


def test_a_missing_project_is_missing_for_the_operator_too(operator: Client) -> None:
    response = operator.get("/v1beta1/projects/nowhere/stages")

    assert response.status_code == 404
    assert "not found" in response.json()["error"]


def test_the_default_tenant_also_answers_under_its_name(alice: Client) -> None:
    response = alice.get("/t/default/v1beta1/projects/demo")

    assert response.json()["metadata"]["name"] == "demo"


def test_a_tenant_one_has_no_role_in_is_not_there(alice: Client, charlie: Client) -> None:
    theirs = alice.get("/t/elsewhere/v1beta1/projects")
    missing = alice.get("/t/nowhere/v1beta1/projects")

    assert theirs.status_code == missing.status_code == 404
    assert charlie.get("/t/elsewhere/v1beta1/projects").json() == {"items": [], "total": 0}


def test_an_oversized_body_is_refused_unread(alice: Client) -> None:
    response = alice.post(
        "/v1beta1/projects/demo/stages/test/promotions",
        data=b" " * (1 << 20) + b"{}",
        content_type="text/plain",
    )

    assert response.status_code == 413
    assert response.json() == {"error": "request body too large"}


def test_every_route_declares_its_access() -> None:
    assert check_declared_access(None) == []


@pytest.mark.parametrize("path", ["/healthz", "/t/default/healthz"])
def test_health_needs_no_sign_in(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.content) == (200, b"ok")

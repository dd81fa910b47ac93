"""The description of the APIs: whole, consistent, and readable as a page."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
import yaml
from django.test import Client

from tests.functional.access.doors import doors

pytestmark = pytest.mark.django_db

VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    found: dict[str, Any] = Client().get("/api/schema").json()
    return found


def operations(description: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description["paths"].items():
        for verb, operation in item.items():
            yield verb.upper(), path, operation


def test_every_route_of_the_apis_is_described(description: dict[str, Any]) -> None:
    described = {(method, path) for method, path, _ in operations(description)}
    routes = {
        (
            door.method,
            "/" + door.route.replace("<str:", "{").replace("<uuid:", "{").replace(">", "}"),
        )
        for door in doors()
        if door.is_api
        and door.method != "WATCH"
        and not door.route.endswith("/")
        and door.route != "v1beta1/cluster-config"
    }

    assert routes - described == set()
    assert described - routes == set()


def test_operations_have_names_of_their_own_and_say_what_they_are(
    description: dict[str, Any],
) -> None:
    names = [it["operationId"] for _, _, it in operations(description)]

    assert len(names) == len(set(names))
    assert all(it["summary"] and it["description"] for _, _, it in operations(description))


def test_all_but_what_is_public_asks_for_a_token(description: dict[str, Any]) -> None:
    public = {it["operationId"] for _, _, it in operations(description) if not it.get("security")}

    assert public == {"logIn", "publicServerConfig"}


def test_whatever_is_referred_to_is_there(description: dict[str, Any]) -> None:
    def references(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from references(item)
        if isinstance(value, list):
            for item in value:
                yield from references(item)

    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}

    assert set(references(description)) <= known


def test_a_fuzzer_can_read_it(description: dict[str, Any]) -> None:
    schema = schemathesis.openapi.from_dict(description)

    assert len(list(schema.get_all_operations())) > 130


def test_it_can_be_had_as_yaml(description: dict[str, Any]) -> None:
    answer = Client().get("/api/schema?format=yaml")

    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.content) == description


def test_the_page_runs_scripts_of_the_platform_alone() -> None:
    answer = Client().get("/api/docs")
    policy = answer.headers["Content-Security-Policy"]

    assert answer.status_code == 200
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
    assert "<script>" not in answer.content.decode()

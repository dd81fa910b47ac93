"""Whatever a body holds: an answer in words, soon, and nothing written that should not be."""

import json
import time
from typing import Any

import pytest
from django.test import Client

from tests.functional.hostile_api.arena import Arena
from tests.functional.hostile_api.bombs import byte_bombs, json_bombs, odd_manifests, yaml_bombs

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.sqlite_suffices]

RESOURCES = "/t/acme/v1beta1/resources"
MOST_SECONDS = 10.0
"""Of processor time, for one request: a bomb takes minutes, a slow or busy machine some seconds."""

TEXTS = {
    **{f"YAML: {name}": it for name, it in yaml_bombs().items()},
    **{f"bytes: {name}": it for name, it in byte_bombs().items()},
    **{f"JSON: {name}": it for name, it in json_bombs().items()},
}
P = "/t/acme/v1beta1/projects/demo"
JSON_DOORS = [
    ("post", f"{P}/roles"),
    ("put", f"{P}/roles/kargo-viewer"),
    ("post", f"{P}/roles/grants"),
    ("post", f"{P}/roles/revocations"),
    ("post", f"{P}/roles/kargo-viewer/api-tokens"),
    ("post", f"{P}/configmaps"),
    ("put", f"{P}/configmaps/settings"),
    ("patch", f"{P}/configmaps/settings"),
    ("post", f"{P}/generic-credentials"),
    ("patch", f"{P}/generic-credentials/slack"),
    ("post", f"{P}/repo-credentials"),
    ("patch", f"{P}/repo-credentials/git"),
    ("post", f"{P}/stages/test/promotions"),
    ("post", f"{P}/stages/test/promotions/downstream"),
    ("post", "/t/acme/api/v1/projects/demo/members"),
]


def attack(client: Client, method: str, path: str, body: bytes, **extra: Any) -> Any:
    """Send a body and return the answer, which must be a proper one and come soon."""
    began = time.process_time()
    answer = client.generic(method.upper(), path, body, **extra)
    spent = time.process_time() - began
    assert answer.status_code < 500, answer.content[:1000]
    assert b"Traceback" not in answer.content
    assert spent < MOST_SECONDS, f"{spent:.1f} s of processor time"
    if answer.content:
        assert answer.headers["Content-Type"] == "application/json"
        json.loads(answer.content)
    return answer


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_text_in_place_of_manifests_costs_much(arena: Arena, name: str) -> None:
    for method in ("post", "put", "delete"):
        answer = attack(arena.admin, method, RESOURCES, TEXTS[name], content_type="text/plain")

        if answer.status_code < 300:
            results = answer.json()["results"]
            assert all(set(it) == {"error"} for it in results), "nothing of it is a manifest"


@pytest.mark.parametrize("name", sorted(odd_manifests()))
def test_no_manifest_costs_much(arena: Arena, name: str) -> None:
    body = json.dumps(odd_manifests()[name]).encode()

    for method in ("post", "put", "delete"):
        attack(arena.admin, method, f"{RESOURCES}?upsert=true", body, content_type="text/plain")


@pytest.mark.parametrize(("method", "path"), JSON_DOORS, ids=lambda it: it)
def test_no_json_body_costs_much(arena: Arena, method: str, path: str) -> None:
    for body in (*json_bombs().values(), *byte_bombs().values()):
        attack(arena.admin, method, path, body, content_type="application/json")


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/html", "x", ""],
)
def test_what_a_body_says_that_it_is_does_not_matter(arena: Arena, content_type: str) -> None:
    for body in byte_bombs().values():
        attack(arena.admin, "post", RESOURCES, body, content_type=content_type)
        attack(arena.admin, "post", f"{P}/roles", body, content_type=content_type)

"""ConfigMaps over the API: written, shown, replicated."""

from typing import Any

import orjson
import pytest
from django.test import Client

from projects.models import ConfigMap
from promotions.selectors.control_plane import DatabaseControlPlane
from rbac.defaults import TENANT_ADMIN
from tests.factories.people import grant, make_person
from tests.functional.api.conftest import Scene, client_for, names

BASE = "/v1beta1/projects/demo/configmaps"
SHARED = "/v1beta1/shared/configmaps"
SYSTEM = "/v1beta1/system/configmaps"
SETTINGS = {"name": "settings", "data": {"url": "https://example.com", "empty": ""}}


@pytest.fixture
def root(scene: Scene) -> Client:
    """The admin of the whole tenant."""
    person = make_person("rita")
    grant(person, TENANT_ADMIN, tenant=scene.project.tenant)
    return client_for(person)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    content = "" if body is None else orjson.dumps(body).decode()
    return client.generic(method, path, content, "application/json")


def looked_up(scene: Scene, *, shared: bool = False) -> dict[str, Any]:
    found = DatabaseControlPlane().config_map(
        tenant_uid=str(scene.project.tenant.uid), project="demo", name="settings", shared=shared
    )
    return dict(found)


@pytest.mark.parametrize("base", [BASE, SHARED, SYSTEM])
def test_a_config_map_lives_from_creation_to_deletion(root: Client, base: str) -> None:
    created = send(root, "POST", base, {**SETTINGS, "description": "addresses"})
    listed = send(root, "GET", base)
    deleted = send(root, "DELETE", f"{base}/settings")

    document = created.json()
    assert created.status_code == 201
    assert (document["apiVersion"], document["kind"]) == ("v1", "ConfigMap")
    assert document["data"] == SETTINGS["data"]
    assert document["metadata"]["annotations"] == {"kargo.akuity.io/description": "addresses"}
    assert listed.json()["kind"] == "ConfigMapList"
    assert listed.json()["items"] == [document]
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert send(root, "GET", f"{base}/settings").status_code == 404


def test_lists_are_sorted_by_name(root: Client) -> None:
    for name in ("b", "c", "a"):
        send(root, "POST", BASE, {**SETTINGS, "name": name})

    assert names(send(root, "GET", BASE).json()) == ["a", "b", "c"]


def test_replacing_replaces_everything(alice: Client) -> None:
    send(alice, "POST", BASE, {**SETTINGS, "description": "gone soon"})

    replaced = send(alice, "PUT", f"{BASE}/settings", {"data": {"only": ""}})

    assert replaced.status_code == 200
    assert replaced.json()["data"] == {"only": ""}
    assert "annotations" not in replaced.json()["metadata"]


def test_patching_sets_removes_and_leaves_the_rest(alice: Client) -> None:
    send(alice, "POST", BASE, {**SETTINGS, "description": "kept"})

    body = {"data": {"more": "1"}, "removeKeys": ["empty", "unknown"]}
    patched = send(alice, "PATCH", f"{BASE}/settings", body)

    assert patched.json()["data"] == {"url": "https://example.com", "more": "1"}
    annotations = patched.json()["metadata"]["annotations"]
    assert annotations == {"kargo.akuity.io/description": "kept"}


def test_a_patch_removes_before_it_sets(alice: Client) -> None:
    send(alice, "POST", BASE, SETTINGS)

    patched = send(
        alice, "PATCH", f"{BASE}/settings", {"data": {"url": "new"}, "removeKeys": ["url", "empty"]}
    )

    assert patched.json()["data"] == {"url": "new"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", BASE, {"data": {"a": "b"}}, 400),
        ("POST", BASE, {"name": "x"}, 400),
        ("POST", BASE, {"name": "x", "data": {}}, 400),
        ("POST", BASE, {"name": "x", "data": {"a": None}}, 400),
        ("POST", BASE, {"name": "x", "data": {"no spaces": "b"}}, 422),
        ("POST", BASE, {"name": "No Name", "data": {"a": "b"}}, 422),
        ("POST", BASE, SETTINGS, 409),
        ("PUT", f"{BASE}/settings", {}, 400),
        ("PATCH", f"{BASE}/settings", {"removeKeys": ["url", "empty"]}, 400),
        ("PATCH", f"{BASE}/settings", {"removeKeys": "url"}, 400),
        ("PUT", f"{BASE}/missing", {"data": {"a": "b"}}, 404),
        ("PATCH", f"{BASE}/missing", {"data": {"a": "b"}}, 404),
        ("DELETE", f"{BASE}/missing", None, 404),
        ("GET", "/v1beta1/projects/missing/configmaps", None, 404),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    alice: Client, scene: Scene, method: str, path: str, body: Any, status: int
) -> None:
    send(alice, "POST", BASE, SETTINGS)

    response = send(alice, method, path, body)

    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert looked_up(scene) == SETTINGS["data"]


def test_without_the_right_nothing_is_shown_or_written(
    alice: Client, bob: Client, charlie: Client
) -> None:
    send(alice, "POST", BASE, SETTINGS)

    assert send(bob, "GET", f"{BASE}/settings").status_code == 200
    assert send(bob, "PUT", f"{BASE}/settings", {"data": {"a": "b"}}).status_code == 403
    assert send(alice, "POST", SHARED, SETTINGS).status_code == 403
    assert send(alice, "POST", SYSTEM, SETTINGS).status_code == 403
    assert send(charlie, "GET", f"{BASE}/settings").status_code == 404
    assert send(Client(), "GET", BASE).status_code == 401


def test_a_shared_one_is_replicated_into_every_project(
    root: Client, alice: Client, scene: Scene
) -> None:
    send(root, "POST", SHARED, {**SETTINGS, "replicate": True})

    replica = send(alice, "GET", f"{BASE}/settings").json()

    labels = replica["metadata"]["labels"]
    assert replica["data"] == SETTINGS["data"]
    assert labels["kargo.akuity.io/replicated-from"] == "kargo-shared-resources"
    assert names(send(alice, "GET", BASE).json()) == ["settings"]
    assert looked_up(scene) == looked_up(scene, shared=True) == SETTINGS["data"]
    assert send(alice, "PATCH", f"{BASE}/settings", {"data": {"a": "b"}}).status_code == 403
    assert send(alice, "DELETE", f"{BASE}/settings").status_code == 403
    assert send(alice, "POST", BASE, SETTINGS).status_code == 409


def test_the_sha_of_a_replica_says_whether_the_source_changed(root: Client) -> None:
    def sha() -> str:
        labels = send(root, "GET", f"{BASE}/settings").json()["metadata"]["labels"]
        return str(labels["kargo.akuity.io/replicated-sha"])

    send(root, "POST", SHARED, {"name": "settings", "data": {"ab": "c"}, "replicate": True})
    first = sha()
    body = {"data": {"a": "bc"}, "replicate": True}
    send(root, "PUT", f"{SHARED}/settings", body)
    second = sha()
    send(root, "PUT", f"{SHARED}/settings", {"data": {"ab": "c"}, "replicate": True})

    assert second != first
    assert sha() == first


def test_one_that_is_not_to_be_replicated_stays_where_it_is(root: Client, scene: Scene) -> None:
    send(root, "POST", SHARED, SETTINGS)

    assert send(root, "GET", f"{BASE}/settings").status_code == 404
    assert looked_up(scene) == {}
    assert looked_up(scene, shared=True) == SETTINGS["data"]


def test_a_projects_own_one_is_left_alone_and_a_replica_follows_it(
    root: Client, alice: Client, scene: Scene
) -> None:
    send(alice, "POST", BASE, {"name": "settings", "data": {"own": "1"}})
    send(root, "POST", SHARED, {**SETTINGS, "replicate": True})
    own = looked_up(scene)

    send(alice, "DELETE", f"{BASE}/settings")

    assert own == {"own": "1"}
    assert looked_up(scene) == SETTINGS["data"]
    assert ConfigMap.objects.filter(namespace="demo").count() == 0

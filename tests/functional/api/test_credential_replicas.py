"""Shared credentials that are replicated are in every project of the tenant."""

from django.test import Client

from promotions.selectors.control_plane import DatabaseControlPlane
from tests.factories.domain import make_project
from tests.functional.api.conftest import Scene, names
from tests.functional.api.test_credentials import (
    GENERIC,
    PLANTED,
    REDACTED,
    SHARED_GENERIC,
    TOKEN,
    root,
    send,
    values,
)

__all__ = ["root"]


def test_they_are_listed_read_and_used_in_every_project(
    root: Client, alice: Client, scene: Scene
) -> None:
    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True, "description": "all"})

    replica = send(alice, "GET", f"{GENERIC}/token").json()

    metadata = replica["metadata"]
    assert names(send(alice, "GET", GENERIC).json()) == ["token"]
    assert metadata["namespace"] == "demo"
    assert metadata["labels"]["kargo.akuity.io/replicated-from"] == "kargo-shared-resources"
    assert len(metadata["labels"]["kargo.akuity.io/replicated-sha"]) == 16
    assert metadata["annotations"]["kargo.akuity.io/description"] == "all"
    assert "kargo.akuity.io/replicated-at" in metadata["annotations"]
    assert "kargo.akuity.io/replicate-to" not in metadata["annotations"]
    used = DatabaseControlPlane().secret(
        tenant_uid=str(scene.project.tenant.uid), project="demo", name="token", shared=False
    )
    assert used == {"key": PLANTED}


def test_their_uid_is_their_own_in_each_project_and_stays(root: Client, scene: Scene) -> None:
    make_project("second")
    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True})

    def uid(path: str) -> str:
        return str(send(root, "GET", path).json()["metadata"]["uid"])

    first = uid(f"{GENERIC}/token")
    second = uid("/v1beta1/projects/second/generic-credentials/token")
    source = uid(f"{SHARED_GENERIC}/token")
    assert len({first, second, source}) == 3
    assert uid(f"{GENERIC}/token") == first


def test_the_sha_changes_with_the_source(root: Client) -> None:
    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True})

    def sha() -> str:
        labels = send(root, "GET", f"{GENERIC}/token").json()["metadata"]["labels"]
        return str(labels["kargo.akuity.io/replicated-sha"])

    before = sha()
    assert sha() == before
    send(root, "PATCH", f"{SHARED_GENERIC}/token", {"data": {"key": "another-one"}})
    assert sha() != before


def test_a_projects_own_object_of_that_name_is_left_alone(root: Client, alice: Client) -> None:
    send(alice, "POST", GENERIC, {"name": "token", "data": {"own": "mine-alone"}})

    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True})

    assert send(alice, "GET", f"{GENERIC}/token").json()["stringData"] == {"own": REDACTED}
    assert values("token") == {"own": "mine-alone"}


def test_people_cannot_write_them(root: Client) -> None:
    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True})
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "token", "namespace": "demo"},
        "stringData": {"a": "b"},
    }

    assert send(root, "PUT", f"{GENERIC}/token", {"data": {"a": "b"}}).status_code == 403
    assert send(root, "PATCH", f"{GENERIC}/token", {"data": {"a": "b"}}).status_code == 403
    assert send(root, "DELETE", f"{GENERIC}/token").status_code == 403
    assert send(root, "POST", GENERIC, TOKEN).status_code == 409
    assert send(root, "PUT", "/v1beta1/resources?upsert=true", manifest).status_code == 409


def test_they_go_with_the_annotation_or_the_source(root: Client) -> None:
    send(root, "POST", SHARED_GENERIC, {**TOKEN, "replicate": True})

    send(root, "PUT", f"{SHARED_GENERIC}/token", {"data": {"key": ""}})
    without = send(root, "GET", f"{GENERIC}/token")
    body = {"data": {"key": ""}, "replicate": True}
    send(root, "PUT", f"{SHARED_GENERIC}/token", body)
    again = send(root, "GET", f"{GENERIC}/token")
    send(root, "DELETE", f"{SHARED_GENERIC}/token")
    gone = send(root, "GET", f"{GENERIC}/token")

    assert [without.status_code, again.status_code, gone.status_code] == [404, 200, 404]

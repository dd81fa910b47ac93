"""Generic and repository credentials over the API: written, shown redacted, told apart."""

import base64
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from projects.models import Secret
from promotions.selectors.control_plane import DatabaseControlPlane
from rbac.defaults import TENANT_ADMIN
from rbac.models import AuditEvent
from tests.factories.people import grant, make_person
from tests.functional.api.conftest import Scene, client_for, names

PLANTED = "planted-value-7f3a"
REDACTED = "*** REDACTED ***"

GENERIC = "/v1beta1/projects/demo/generic-credentials"
REPO = "/v1beta1/projects/demo/repo-credentials"
SHARED_GENERIC = "/v1beta1/shared/generic-credentials"
SHARED_REPO = "/v1beta1/shared/repo-credentials"
SYSTEM_GENERIC = "/v1beta1/system/generic-credentials"

TOKEN = {"name": "token", "data": {"key": PLANTED}}
GIT = {
    "name": "git",
    "type": "git",
    "repoUrl": "https://git.example.com/team/app.git",
    "username": "robot",
    "password": PLANTED,
}


@pytest.fixture
def root(scene: Scene) -> Client:
    """The admin of the whole tenant."""
    person = make_person("rita")
    grant(person, TENANT_ADMIN, tenant=scene.project.tenant)
    return client_for(person)


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    content = "" if body is None else orjson.dumps(body).decode()
    return client.generic(method, path, content, "application/json")


def values(name: str, namespace: str = "demo") -> dict[str, str]:
    row = Secret.objects.get(name=name, namespace=namespace)
    uid = str(row.tenant.uid)
    found = DatabaseControlPlane().secret(
        tenant_uid=uid, project=namespace, name=name, shared=False
    )
    return {key: str(value) for key, value in found.items()}


@pytest.mark.parametrize("base", [GENERIC, SHARED_GENERIC, SYSTEM_GENERIC])
def test_a_generic_credential_lives_from_creation_to_deletion(root: Client, base: str) -> None:
    created = send(root, "POST", base, {**TOKEN, "description": "for the API"})
    listed = send(root, "GET", base)
    read = send(root, "GET", f"{base}/token")
    deleted = send(root, "DELETE", f"{base}/token")

    document = created.json()
    assert created.status_code == 201
    assert (document["apiVersion"], document["kind"]) == ("v1", "Secret")
    assert document["stringData"] == {"key": REDACTED}
    assert "data" not in document
    assert document["metadata"]["labels"] == {"kargo.akuity.io/cred-type": "generic"}
    assert document["metadata"]["annotations"] == {"kargo.akuity.io/description": "for the API"}
    assert listed.json()["kind"] == "SecretList"
    assert names(listed.json()) == ["token"]
    assert read.json() == document
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert send(root, "GET", f"{base}/token").status_code == 404


@pytest.mark.parametrize("base", [REPO, SHARED_REPO])
def test_a_repository_credential_shows_all_but_the_password(root: Client, base: str) -> None:
    created = send(root, "POST", base, {**GIT, "repoUrlIsRegex": True})

    assert created.status_code == 201
    assert created.json()["stringData"] == {
        "repoURL": GIT["repoUrl"],
        "repoURLIsRegex": "true",
        "username": "robot",
        "password": REDACTED,
    }
    assert created.json()["metadata"]["labels"] == {"kargo.akuity.io/cred-type": "git"}
    assert send(root, "GET", f"{base}/git").json() == created.json()
    assert send(root, "GET", base).json()["items"] == [created.json()]


def test_replacing_drops_keys_and_keeps_those_that_come_empty(alice: Client) -> None:
    send(alice, "POST", GENERIC, {"name": "token", "data": {"a": "1-old", "b": "2-old"}})

    body = {"data": {"a": "", "c": "3-new", "d": ""}, "description": "changed"}
    replaced = send(alice, "PUT", f"{GENERIC}/token", body)

    assert replaced.status_code == 200
    assert replaced.json()["stringData"] == {"a": REDACTED, "c": REDACTED}
    assert values("token") == {"a": "1-old", "c": "3-new"}


def test_patching_sets_removes_and_leaves_the_rest(alice: Client) -> None:
    send(
        alice,
        "POST",
        GENERIC,
        {"name": "token", "data": {"a": "1-old", "b": "2-old"}, "description": "kept"},
    )

    body = {"data": {"a": "1-new"}, "removeKeys": ["b"]}
    patched = send(alice, "PATCH", f"{GENERIC}/token", body)

    assert patched.status_code == 200
    assert values("token") == {"a": "1-new"}
    annotations = patched.json()["metadata"]["annotations"]
    assert annotations == {"kargo.akuity.io/description": "kept"}


def test_an_empty_description_clears_it(alice: Client) -> None:
    send(alice, "POST", GENERIC, {**TOKEN, "description": "gone soon"})

    patched = send(alice, "PATCH", f"{GENERIC}/token", {"description": ""})

    assert "annotations" not in patched.json()["metadata"]


def test_a_patch_of_a_repository_changes_what_is_not_empty(alice: Client) -> None:
    send(alice, "POST", REPO, {**GIT, "repoUrlIsRegex": True})

    ignored = send(alice, "PATCH", f"{REPO}/git", {"repoUrlIsRegex": False, "username": ""})
    moved = send(alice, "PATCH", f"{REPO}/git", {"repoUrl": "https://elsewhere.example/x.git"})

    assert ignored.json()["stringData"]["repoURLIsRegex"] == "true"
    assert ignored.json()["stringData"]["username"] == "robot"
    assert moved.json()["stringData"]["repoURL"] == "https://elsewhere.example/x.git"
    assert "repoURLIsRegex" not in moved.json()["stringData"]


@pytest.mark.parametrize(
    ("base", "body", "said"),
    [
        (GENERIC, {"data": {"a": "b"}}, "name is required"),
        (GENERIC, {"name": "x"}, "data must not be empty"),
        (GENERIC, {"name": "x", "data": {"a": 1}}, '"data.a" must be a string'),
        (GENERIC, {"name": "x", "data": "a=b"}, '"data" must be an object'),
        (REPO, {**GIT, "type": ""}, "type is required"),
        (REPO, {**GIT, "type": "svn"}, "type must be one of git, helm, image"),
        (REPO, {**GIT, "repoUrl": ""}, "repoUrl is required"),
        (REPO, {**GIT, "username": ""}, "username is required"),
        (REPO, {**GIT, "password": ""}, "password is required"),
        (REPO, {**GIT, "repoUrlIsRegex": "yes"}, '"repoUrlIsRegex" must be true or false'),
        (GENERIC, [], "the request body must be a JSON object"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(
    alice: Client, base: str, body: Any, said: str
) -> None:
    response = send(alice, "POST", base, body)

    assert (response.status_code, response.json()) == (400, {"error": said})


def test_a_bad_name_is_refused_without_its_values(alice: Client) -> None:
    response = send(alice, "POST", GENERIC, {**TOKEN, "name": "Not A Name"})

    assert response.status_code == 422
    assert PLANTED not in response.content.decode()


def test_taking_the_last_key_away_is_refused(alice: Client) -> None:
    send(alice, "POST", GENERIC, TOKEN)

    response = send(alice, "PATCH", f"{GENERIC}/token", {"removeKeys": ["key"]})

    assert response.status_code == 400
    assert values("token") == {"key": PLANTED}


def test_a_name_that_is_taken_is_a_conflict(alice: Client) -> None:
    send(alice, "POST", GENERIC, TOKEN)

    response = send(alice, "POST", REPO, {**GIT, "name": "token"})

    assert response.status_code == 409
    assert response.json()["error"] == 'secrets "token" already exists'


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_secret_of_another_type_is_a_conflict(alice: Client, method: str) -> None:
    send(alice, "POST", REPO, GIT)

    response = send(alice, method, f"{GENERIC}/git", {"data": {"a": "b"}})

    assert response.status_code == 409
    assert "cred-type" in response.json()["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_not_there_is_not_found(alice: Client, method: str) -> None:
    response = send(alice, method, f"{GENERIC}/nothing", {"data": {"a": "b"}})

    assert response.status_code == 404
    assert response.json() == {"error": 'secrets "nothing" not found'}


def test_other_annotations_are_not_shown(alice: Client, root: Client) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "git",
            "namespace": "demo",
            "labels": {"kargo.akuity.io/cred-type": "git"},
            "annotations": {"team": PLANTED, "kargo.akuity.io/replicate-to": "*"},
        },
        "stringData": {"repoURL": "https://git.example.com/x", "username": "u", "password": "p"},
    }
    assert send(root, "PUT", "/v1beta1/resources?upsert=true", manifest).status_code == 200

    annotations = send(alice, "GET", f"{REPO}/git").json()["metadata"]["annotations"]

    assert annotations == {"team": REDACTED, "kargo.akuity.io/replicate-to": REDACTED}


def test_viewers_neither_read_nor_write_and_strangers_find_nothing(
    alice: Client, bob: Client, charlie: Client
) -> None:
    send(alice, "POST", GENERIC, TOKEN)

    assert send(bob, "POST", GENERIC, {**TOKEN, "name": "mine"}).status_code == 403
    assert send(bob, "DELETE", f"{GENERIC}/token").status_code == 403
    assert send(charlie, "GET", f"{GENERIC}/token").status_code == 404
    assert send(Client(), "GET", GENERIC).status_code == 401


def test_shared_lists_need_no_right_but_shared_ones_are_not_written_without(
    root: Client, bob: Client
) -> None:
    send(root, "POST", SHARED_REPO, GIT)

    listed = send(bob, "GET", SHARED_REPO)

    assert listed.status_code == 200
    assert names(listed.json()) == ["git"]
    assert PLANTED not in listed.content.decode()
    assert send(bob, "POST", SHARED_GENERIC, TOKEN).status_code == 403
    assert send(bob, "PATCH", f"{SHARED_REPO}/git", {"username": "me"}).status_code == 403
    assert send(bob, "GET", SYSTEM_GENERIC).status_code == 403


def test_a_projects_admin_may_not_write_shared_ones(alice: Client) -> None:
    assert send(alice, "POST", SHARED_REPO, GIT).status_code == 403


def test_writing_is_audited_without_values(alice: Client) -> None:
    send(alice, "POST", GENERIC, TOKEN)
    send(alice, "PATCH", f"{GENERIC}/token", {"data": {"key": f"{PLANTED}-again"}})

    events = list(AuditEvent.objects.filter(object_name="token").order_by("sequence"))

    assert [event.action for event in events] == ["secret.create", "secret.update"]
    assert PLANTED not in str([(event.before, event.after) for event in events])


def test_listing_many_takes_as_many_queries_as_listing_few(alice: Client, scene: Scene) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert send(alice, "GET", REPO).status_code == 200
        return len(queries)

    send(alice, "POST", REPO, GIT)
    few = cost()
    for index in range(5):
        send(alice, "POST", REPO, {**GIT, "name": f"git-{index}"})

    assert cost() == few


def test_no_answer_has_a_value_that_went_in(root: Client, alice: Client) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "applied",
            "namespace": "demo",
            "labels": {"kargo.akuity.io/cred-type": "generic"},
        },
        "stringData": {"key": PLANTED},
        "data": {"other": base64.b64encode(PLANTED.encode()).decode()},
    }
    answers = [
        send(root, "POST", "/v1beta1/resources", manifest),
        send(root, "PUT", "/v1beta1/resources", manifest),
        send(root, "PUT", "/v1beta1/resources", {**manifest, "stringData": {"key": [PLANTED]}}),
        send(root, "POST", GENERIC, TOKEN),
        send(root, "PUT", f"{GENERIC}/token", {"data": {"key": PLANTED}}),
        send(root, "PATCH", f"{GENERIC}/token", {"data": {"more": PLANTED}}),
        send(root, "PATCH", f"{GENERIC}/token", {"data": {"not a key": PLANTED}}),
        send(root, "POST", REPO, GIT),
        send(root, "POST", REPO, {**GIT, "password": [PLANTED]}),
        send(root, "PATCH", f"{REPO}/git", {"password": PLANTED}),
        *(send(alice, "GET", path) for path in (GENERIC, REPO, f"{GENERIC}/applied")),
        send(root, "DELETE", "/v1beta1/resources", manifest),
    ]

    encoded = base64.b64encode(PLANTED.encode()).decode()
    texts = [answer.content.decode() for answer in answers]
    assert [text for text in texts if PLANTED in text or encoded in text] == []
    assert {answer.status_code for answer in answers} == {200, 201, 400, 422}

"""Kargo's web UI: a project's settings, and the tenant's, which have the same forms."""

import base64
from typing import Any

import pytest

from tests.compat.web_ui.conftest import PageOf
from tests.compat.web_ui.page import Page
from tests.compat.web_ui.shapes import assert_lists, assert_texts, assert_times, named, read
from tests.factories.domain import make_project
from tests.factories.people import make_operator

pytestmark = pytest.mark.django_db

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"
REDACTED = "*** REDACTED ***"
DESCRIPTION = "kargo.akuity.io/description"
GIT = {
    "name": "repo",
    "type": "git",
    "repoUrl": "https://github.com/example/repo.git",
    "repoUrlIsRegex": False,
    "username": "robot",
    "password": "not-shown",
    "description": "",
}


@pytest.mark.parametrize(
    ("path", "kind"), [(f"{P}/config", "ProjectConfig"), (f"{S}/cluster-config", "ClusterConfig")]
)
def test_a_configuration_is_edited_whole_and_part_by_part(page: Page, path: str, kind: str) -> None:
    config = page.get(path)
    links = [{"title": "Runbook", "url": "https://wiki.example.com/{{ .stage.metadata.name }}"}]

    whole = page.manifests("PUT", config)
    part = page.manifests(
        "PUT",
        {
            "apiVersion": config["apiVersion"],
            "kind": kind,
            "metadata": config["metadata"],
            "spec": {**config["spec"], "stageLinks": links},
        },
        upsert=True,
    )

    assert (whole.status, part.status) == (200, 200)
    after = page.get(path)
    assert after["spec"] == {**config["spec"], "stageLinks": links}
    assert_lists(after, "spec.webhookReceivers", "spec.freightLinks")


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (
            "/v1beta1/projects/bare/config",
            {"kind": "ProjectConfig", "metadata": {"name": "bare", "namespace": "bare"}},
        ),
        (f"{S}/cluster-config", {"kind": "ClusterConfig", "metadata": {"name": "cluster"}}),
    ],
)
def test_a_configuration_that_is_not_there_yet_is_404_and_then_created(
    page_of: PageOf, path: str, document: dict[str, Any]
) -> None:
    make_project("bare")
    page = page_of(make_operator("admin"))

    missing = page.send("GET", path)
    if missing.status == 200:
        page.act("DELETE", path)
        missing = page.send("GET", path)
    created = page.manifests(
        "PUT", {"apiVersion": "kargo.akuity.io/v1alpha1", **document, "spec": {}}, upsert=True
    )

    assert missing.status == 404, "which the page keeps to itself, and offers to create it"
    assert created.status == 200
    assert page.get(path)["kind"] == document["kind"]


@pytest.mark.parametrize("path", [f"{P}/config", f"{S}/cluster-config"])
def test_a_configuration_that_is_looked_at_again_stops_its_spinner(page: Page, path: str) -> None:
    before = page.get(path)["status"]["lastHandledRefresh"]

    assert page.act("POST", f"{path}/refresh") == ""

    config = page.get(path)
    asked = read(config, "metadata|annotations|kargo.akuity.io/refresh")
    assert asked == config["status"]["lastHandledRefresh"] != before


@pytest.mark.parametrize("base", [P, H], ids=["project", "shared"])
def test_repository_credentials_are_listed_made_replaced_and_deleted(page: Page, base: str) -> None:
    page.act("POST", f"{base}/repo-credentials", GIT)
    listed = page.get(f"{base}/repo-credentials")
    edited = {key: it for key, it in GIT.items() if key != "name"} | {"repoUrlIsRegex": True}
    page.act("PUT", f"{base}/repo-credentials/repo", {**edited, "description": "So."})

    row = named(listed, "repo")
    assert read(row, "metadata|labels|kargo.akuity.io/cred-type") == "git"
    assert row["stringData"]["repoURL"] == GIT["repoUrl"]
    assert row["stringData"]["username"] == "robot"
    assert row["stringData"].get("repoURLIsRegex") != "true"
    after = named(page.get(f"{base}/repo-credentials"), "repo")
    assert after["stringData"]["repoURLIsRegex"] == "true"
    assert read(after, f"metadata|annotations|{DESCRIPTION}") == "So."
    assert page.act("DELETE", f"{base}/repo-credentials/repo") is None


def test_credentials_that_are_edited_need_their_password_anew_and_say_so(page: Page) -> None:
    page.act("POST", f"{P}/repo-credentials", GIT)

    answer = page.send("PUT", f"{P}/repo-credentials/repo", {**GIT, "password": ""})

    assert (answer.status, answer.toast) == (400, "password is required")


@pytest.mark.parametrize("base", [P, H, S], ids=["project", "shared", "system"])
def test_secrets_show_keys_and_keep_values_that_the_form_leaves_empty(
    page: Page, base: str
) -> None:
    made = {"name": "token", "data": {"one": "not-shown", "two": "not-shown"}}
    options = {"description": "", "replicate": False, "type": ""}
    page.act("POST", f"{base}/generic-credentials", {**made, **options})
    listed = named(page.get(f"{base}/generic-credentials"), "token")

    body = {"data": {"one": "", "three": "not-shown"}, "description": "So.", "replicate": False}
    page.act("PUT", f"{base}/generic-credentials/token", body)

    assert listed["stringData"] == {"one": REDACTED, "two": REDACTED}, "the page takes its keys"
    after = named(page.get(f"{base}/generic-credentials"), "token")
    assert set(after["stringData"]) == {"one", "three"}
    assert "data" not in after
    assert read(after, f"metadata|annotations|{DESCRIPTION}") == "So."
    assert page.act("DELETE", f"{base}/generic-credentials/token") is None


def test_a_shared_secret_that_is_replicated_shows_in_a_project_as_such(page: Page) -> None:
    body = {"name": "everywhere", "data": {"key": "not-shown"}, "replicate": True}
    page.act("POST", f"{H}/generic-credentials", body)

    shared = named(page.get(f"{H}/generic-credentials"), "everywhere")
    there = named(page.get(f"{P}/generic-credentials"), "everywhere")

    assert read(shared, "metadata|annotations|kargo.akuity.io/replicate-to") == "*"
    assert read(there, "metadata|labels|kargo.akuity.io/replicated-from")


@pytest.mark.parametrize("base", [P, H], ids=["project", "shared"])
def test_config_maps_are_made_replaced_and_deleted(page: Page, base: str) -> None:
    page.act("POST", f"{base}/configmaps", {"name": "flags", "data": {"a": "1"}})
    listed = named(page.get(f"{base}/configmaps"), "flags")
    page.act("PUT", f"{base}/configmaps/flags", {"data": {"b": "yes", "c": "2026-11-23"}})

    assert listed["data"] == {"a": "1"}, "the page takes its keys"
    after = page.get(f"{base}/configmaps/flags")
    assert after["data"] == {"b": "yes", "c": "2026-11-23"}
    assert page.act("DELETE", f"{base}/configmaps/flags") is None


def test_roles_are_a_bare_list_with_claims_rules_and_who_may_edit_them(page: Page) -> None:
    roles = page.get(f"{P}/roles")

    assert isinstance(roles, list)
    assert {it["metadata"]["name"] for it in roles} >= {"kargo-admin", "kargo-viewer"}
    for role in roles:
        assert_lists(role, "claims", "rules")
        assert isinstance(role["kargoManaged"], bool)
        assert_times(role, "metadata.creationTimestamp")
        for rule in role["rules"]:
            assert_lists(rule, "apiGroups", "resources", "verbs")
    assert isinstance(page.get(f"{S}/roles"), list)


def test_a_role_is_made_and_edited_with_all_that_the_form_adds(page: Page) -> None:
    annotations = {DESCRIPTION: "Deploys."}
    metadata = {"name": "deployer", "namespace": "demo", "annotations": annotations}
    made: dict[str, Any] = {
        "name": "deployer",
        "description": "Deploys.",
        "email": ["a@example.com"],
        "sub": [],
        "groups": ["devs"],
        "rules": [{"verbs": ["get", "*"], "resources": ["stages"], "resourceNames": []}],
        "metadata": metadata,
        "claims": [
            {"name": "email", "values": ["a@example.com"]},
            {"name": "groups", "values": ["devs"]},
        ],
    }

    created = page.act("POST", f"{P}/roles", made)
    edited = {**made, "rules": created["rules"], "claims": [{"name": "sub", "values": ["x"]}]}
    edited["metadata"] = {**metadata, "annotations": {}}
    updated = page.act("PUT", f"{P}/roles/deployer", edited)

    assert read(created, f"metadata|annotations|{DESCRIPTION}") == "Deploys."
    assert created["kargoManaged"] is True
    assert "promote" in created["rules"][0]["verbs"]
    assert updated["claims"] == [{"name": "sub", "values": ["x"]}]
    assert updated["rules"] == created["rules"]
    assert DESCRIPTION not in updated["metadata"].get("annotations", {})
    assert page.act("DELETE", f"{P}/roles/deployer") is None


@pytest.mark.parametrize(
    ("base", "role"), [(P, "kargo-viewer"), (S, "kargo-viewer")], ids=["project", "system"]
)
def test_a_token_is_shown_once_then_listed_with_its_role_and_last_use(
    page: Page, base: str, role: str
) -> None:
    made = page.act("POST", f"{base}/roles/{role}/api-tokens", {"name": "ci", "roleName": role})
    token = base64.b64decode(made["data"]["token"]).decode()
    unused = named(page.get(f"{base}/api-tokens"), "ci")

    page.with_token(token).get("/v1beta1/system/server-config")

    used = named(page.get(f"{base}/api-tokens"), "ci")
    last_used = "metadata|labels|kubernetes.io/legacy-token-last-used"
    assert_times(used, "metadata.creationTimestamp")
    assert read(used, "metadata|annotations|kubernetes.io/service-account.name") == role
    assert base64.b64decode(used["data"]["token"]).decode() == REDACTED
    assert last_used.rpartition("|")[2] not in unused["metadata"]["labels"]
    assert len(read(used, last_used)) == len("2026-11-23")
    assert page.act("DELETE", f"{base}/api-tokens/ci") is None


def test_the_settings_say_which_namespaces_secrets_are_in(page: Page) -> None:
    config = page.get(f"{S}/server-config")

    assert config["secretManagementEnabled"] is True
    assert_texts(config, "systemResourcesNamespace", "sharedResourcesNamespace")
    secret = page.get(f"{S}/generic-credentials")["items"][0]
    assert secret["metadata"]["namespace"] == config["systemResourcesNamespace"]


def test_the_footer_shows_a_version(page: Page) -> None:
    version = page.get(f"{S}/server-version")

    assert_texts(version, "version")
    assert_times(version, "buildDate")

"""`kargo create`: what it sends, and what it says of the answers."""

from typing import Any

import pytest

from tests.compat.cli.command_line import Kargo, in_short
from tests.compat.cli.live import Site
from tests.compat.cli.session import OldSession, Session

pytestmark = [pytest.mark.slow]

P, S, H = "/v1beta1/projects/demo", "/v1beta1/system", "/v1beta1/shared"
_REPO = "--username bob --password p --repo-url"


@pytest.fixture(scope="module")
def kargo(site: Site) -> Kargo:
    return Kargo(site.session(), "demo")


def _repo(name: str, kind: str, url: str, **more: Any) -> dict[str, Any]:
    login = {"username": "bob", "password": "p"}
    given = {"name": name, "type": kind, "repoUrl": url, **login, **more}
    return {"description": "", "repoUrlIsRegex": False, **given}


_EMAIL = {"name": "email", "values": ["a@example.com"]}
_GROUPS = {"name": "groups", "values": ["devs"]}
SENT: list[tuple[str, str, dict[str, Any]]] = [
    (
        "configmap cm-1 --set KEY1=value1 --set 'KEY2=a=b' --description 'Test one'",
        f"{P}/configmaps",
        {"name": "cm-1", "description": "Test one", "data": {"KEY1": "value1", "KEY2": "a=b"}},
    ),
    (
        "configmap cm-1 --shared --set KEY=value",
        f"{H}/configmaps",
        {"name": "cm-1", "description": "", "data": {"KEY": "value"}},
    ),
    (
        "configmap cm-1 --system --set 'KEY=<a> & b'",
        f"{S}/configmaps",
        {"name": "cm-1", "description": "", "data": {"KEY": "<a> & b"}},
    ),
    (
        "generic-credentials gc-1 --set API_KEY=k --set EMPTY=",
        f"{P}/generic-credentials",
        {"name": "gc-1", "description": "", "data": {"API_KEY": "k", "EMPTY": ""}},
    ),
    (
        "generic-credentials gc-1 --shared --set TOKEN=t --description d",
        f"{H}/generic-credentials",
        {"name": "gc-1", "description": "d", "data": {"TOKEN": "t"}},
    ),
    (
        "generic-credentials gc-1 --system --set TOKEN=t",
        f"{S}/generic-credentials",
        {"name": "gc-1", "description": "", "data": {"TOKEN": "t"}},
    ),
    *(
        (
            f"repo-credentials by-{kind} --{kind} {_REPO} https://{kind}.example.com",
            f"{P}/repo-credentials",
            _repo(f"by-{kind}", kind, f"https://{kind}.example.com"),
        )
        for kind in ("git", "helm", "image")
    ),
    (
        f"repo-credentials by-type --type image {_REPO} registry.example.com/app --description d",
        f"{P}/repo-credentials",
        _repo("by-type", "image", "registry.example.com/app", description="d"),
    ),
    (
        f"repo-credentials by-regex --shared --git {_REPO} ^https://github.com/.*$ --regex",
        f"{H}/repo-credentials",
        _repo("by-regex", "git", "^https://github.com/.*$", repoUrlIsRegex=True),
    ),
    (
        "role role-1 --description 'is never sent'",
        f"{P}/roles",
        {"metadata": {"creationTimestamp": None, "name": "role-1"}},
    ),
    (
        "role role-2 --claim email=a@example.com --claim groups=devs",
        f"{P}/roles",
        {"claims": [_EMAIL, _GROUPS], "metadata": {"creationTimestamp": None, "name": "role-2"}},
    ),
    (
        "token token-1 --role kargo-viewer",
        f"{P}/roles/kargo-viewer/api-tokens",
        {"name": "token-1"},
    ),
    (
        "token token-1 --system --role kargo-admin",
        f"{S}/roles/kargo-admin/api-tokens",
        {"name": "token-1"},
    ),
]


@pytest.mark.parametrize(("command", "path", "body"), SENT, ids=[it[0][:40] for it in SENT])
def test_one_request_creates(kargo: Kargo, command: str, path: str, body: dict[str, Any]) -> None:
    assert kargo.requests(f"create {command}") == [in_short(f"POST {path}", **body)]


def test_a_project_is_a_manifest(kargo: Kargo) -> None:
    text = (
        "apiVersion: kargo.akuity.io/v1alpha1\nkind: Project\nmetadata:\n"
        "  creationTimestamp: null\n  name: sent-1\nstatus: {}"
    )

    assert kargo.requests("create project sent-1") == [f"POST /v1beta1/resources {text}"]


PRINTED = [
    ("configmap cm-2 --set KEY=value", "configmap/cm-2 created"),
    ("generic-credentials gc-2 --set KEY=value", "secret/gc-2 created"),
    (f"repo-credentials rc-2 --git {_REPO} https://git.example.com/2", "secret/rc-2 created"),
    ("role role-3", "role.rbac.kargo.akuity.io/role-3 created"),
    ("project shown-1", "project.kargo.akuity.io/shown-1 created"),
]


@pytest.mark.parametrize(("command", "line"), PRINTED, ids=[it[1] for it in PRINTED])
def test_what_was_created_is_named_and_a_second_time_it_already_exists(
    kargo: Kargo, command: str, line: str
) -> None:
    first, second = kargo.run(f"create {command}"), kargo.run(f"create {command}")

    assert (first.lines, first.exit_code) == ([line], 0)
    (error,) = second.errors
    assert error.startswith("409 Conflict: ")
    assert "already exists" in error
    assert (second.lines, second.exit_code) == ([], 1)


@pytest.mark.parametrize("where", ["", "--shared", "--system"])
def test_values_come_back_only_of_what_is_no_secret(kargo: Kargo, where: str) -> None:
    (made,) = kargo.run(f"create configmap cm-3 {where} --set KEY=value --description d").objects
    (hidden,) = kargo.run(f"create generic-credentials gc-3 {where} --set KEY=value").objects

    assert made["data"] == {"KEY": "value"}
    assert made["metadata"]["annotations"] == {"kargo.akuity.io/description": "d"}
    assert "data" not in hidden
    assert hidden["stringData"] == {"KEY": "*** REDACTED ***"}
    assert hidden["metadata"]["labels"] == {"kargo.akuity.io/cred-type": "generic"}
    assert "annotations" not in hidden["metadata"]


@pytest.mark.parametrize("where", ["", "--shared"])
def test_of_a_repository_credential_only_the_password_is_hidden(kargo: Kargo, where: str) -> None:
    url = "https://github.com/example/.*"

    (made,) = kargo.run(f"create repo-credentials rc-3 {where} --git {_REPO} {url} --regex").objects

    assert made["metadata"]["labels"] == {"kargo.akuity.io/cred-type": "git"}
    assert made["stringData"] == {
        "repoURL": url,
        "repoURLIsRegex": "true",
        "username": "bob",
        "password": "*** REDACTED ***",
    }


@pytest.mark.parametrize("where", ["--role kargo-viewer", "--system --role kargo-viewer"])
def test_a_token_is_shown_once_and_works_at_once(site: Site, kargo: Kargo, where: str) -> None:
    outcome = kargo.run(f"create token token-2 {where}")
    again = kargo.run(f"create token token-2 {where}")

    token = outcome.lines[-1].removeprefix("Token: ")
    assert token.startswith("ey")
    found = Session(site.address, token).call("ListStages", project="demo")
    assert {it["metadata"]["name"] for it in found["items"]} >= {"test", "prod"}
    (error,) = again.errors
    assert "already exists" in error


REFUSED = [
    ("token token-3 --role nobody", 404, "not found"),
    ("token token-3 --role nobody --system", 404, "not found"),
    ("token test.token --role kargo-viewer -p nowhere", 404, "not found"),
    ("role role-9 -p nowhere", 404, "not found"),
    ("role kargo-admin", 409, "already exists"),
    ("role Not_A_Name", 422, "invalid"),
    ("configmap cm-9 --set KEY=value -p nowhere", 404, "not found"),
    ("configmap Not_A_Name --set KEY=value", 422, "invalid"),
    ("generic-credentials gc-9 --set 'a key=value'", 422, "invalid"),
    (f"repo-credentials rc-9 --type svn {_REPO} https://example.com", 400, "type"),
    ("project Not_A_Name", 422, "invalid"),
]


@pytest.mark.parametrize(("command", "status", "words"), REFUSED, ids=[it[0] for it in REFUSED])
def test_what_cannot_be_created_is_refused_in_words(
    kargo: Kargo, command: str, status: int, words: str
) -> None:
    (error,) = kargo.run(f"create {command}").errors

    assert error.startswith(f"{status} ")
    assert words in error


def test_whoever_may_only_look_is_told_what_they_may_not(site: Site) -> None:
    bob = Kargo(site.session("bob"), "demo")

    for command, words in (
        ("role role-8", "roles.rbac.authorization.k8s.io is forbidden: create is not permitted"),
        ("configmap cm-8 --set A=1", "configmaps is forbidden: create is not permitted"),
        ("generic-credentials gc-8 --set A=1", "secrets is forbidden: create is not permitted"),
        ("token token-8 --role kargo-viewer", "secrets is forbidden: create is not permitted"),
        ("project of-bobs", 'projects.kargo.akuity.io "of-bobs" is forbidden: create'),
    ):
        (error,) = bob.run(f"create {command}").errors
        assert error.startswith("403 Forbidden: ")
        assert words in error.replace('\\"', '"')


@pytest.mark.parametrize(
    "command",
    [
        "project old-1",
        "role old-1 --claim email=o@example.com",
        "token old-1 --role kargo-viewer",
        "configmap old-1 --set A=1",
        "generic-credentials old-2 --set A=1",
        f"repo-credentials old-3 --shared --git {_REPO} https://git.example.com/3",
    ],
)
def test_an_older_command_line_creates_as_well(site: Site, command: str) -> None:
    old = Kargo(OldSession(site.address, site.tokens["admin"]), "demo")

    assert old.run(f"create {command}").errors == []

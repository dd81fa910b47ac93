"""The fakes refuse what their providers refuse, so that our side cannot pass by accident."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.scm.providers import GitProvider
from tests.fakes.scm_azure import REPOSITORY_ID
from tests.integration.scm.hosts import Host, hosting

AZURE_PAIR = base64.b64encode(b":azure-secret").decode()
AUTHORISED: dict[GitProvider, Mapping[str, str]] = {
    GitProvider.AZURE: {"Authorization": f"Basic {AZURE_PAIR}"},
    GitProvider.BITBUCKET: {"Authorization": "Bearer bitbucket-secret"},
    GitProvider.GITEA: {"Authorization": "token gitea-secret"},
    GitProvider.GITLAB: {"PRIVATE-TOKEN": "glpat-secret"},
}
PATHS = {
    GitProvider.AZURE: "/org/team/_apis/git/repositories/app/pullrequests",
    GitProvider.BITBUCKET: "/2.0/repositories/team/app/pullrequests",
    GitProvider.GITEA: "/api/v1/repos/team/app/pulls",
    GitProvider.GITLAB: "/api/v4/projects/team%2Fapp/merge_requests",
}
BODIES: dict[GitProvider, JSONObject] = {
    GitProvider.AZURE: {
        "title": "T",
        "sourceRefName": "refs/heads/change",
        "targetRefName": "refs/heads/main",
    },
    GitProvider.BITBUCKET: {"title": "T", "source": {"branch": {"name": "change"}}},
    GitProvider.GITEA: {"title": "T", "head": "change", "base": "main"},
    GitProvider.GITLAB: {"title": "T", "source_branch": "change", "target_branch": "main"},
}


@dataclass
class Rough:
    """Somebody who speaks to a fake without any care."""

    host: Host

    def ask(
        self,
        method: str = "GET",
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: JSONValue = None,
        params: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        if self.host.provider is GitProvider.AZURE:
            params = {"api-version": "7.1", **(params or {})}
        start = PATHS[self.host.provider]
        if self.host.provider is GitProvider.AZURE and method == "POST":
            start = start.replace("/app/", f"/{REPOSITORY_ID}/")
        return httpx.request(
            method,
            f"{self.host.server.url}{start}{path}",
            headers=AUTHORISED[self.host.provider] if headers is None else headers,
            params=params,
            json=body,
            trust_env=False,
        )

    def create(self, **changes: JSONValue) -> httpx.Response:
        body = {**BODIES[self.host.provider], **changes}
        return self.ask("POST", body={name: it for name, it in body.items() if it is not None})


@pytest.fixture
def rough(host: Host) -> Rough:
    return Rough(host)


@pytest.fixture
def only(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rough]:
    with hosting(request.param, tmp_path) as host:
        yield Rough(host)


def test_a_careful_request_is_let_in(rough: Rough) -> None:
    assert rough.ask().status_code == 200
    assert rough.create().status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "token wrong"},
        {"Authorization": "Basic d3Jvbmc="},
        {"PRIVATE-TOKEN": "wrong"},
        {"Authorization": "gitea-secret"},
        {"Authorization": "Token"},
    ],
)
def test_no_or_another_credential_is_not(rough: Rough, headers: dict[str, str]) -> None:
    status = rough.ask(headers=headers).status_code

    assert status in {203, 302, 401, 404}


def test_each_wants_its_own_form_of_credential(rough: Rough) -> None:
    others = [it for name, it in AUTHORISED.items() if name is not rough.host.provider]

    assert all(rough.ask(headers=it).status_code != 200 for it in others)


def test_what_is_needed_is_needed(rough: Rough) -> None:
    for field in BODIES[rough.host.provider]:
        assert rough.create(**{field: None}).status_code in {400, 404, 422}
    assert rough.host.repository.pulls == {}


def test_what_is_not_there_is_not_found(rough: Rough) -> None:
    assert rough.ask(path="/9").status_code == 404


def test_a_wrong_method_is_not_allowed(rough: Rough) -> None:
    assert rough.ask("DELETE").status_code == 405


@pytest.mark.parametrize(
    "only", [GitProvider.AZURE, GitProvider.GITEA, GitProvider.GITLAB], indirect=True
)
def test_there_is_one_open_between_two_branches(only: Rough) -> None:
    only.create()

    assert only.create().status_code == 409


@pytest.mark.parametrize("only", [GitProvider.GITLAB], indirect=True)
def test_gitlab_wants_the_projects_path_encoded(only: Rough) -> None:
    url = f"{only.host.server.url}/api/v4/projects/team/app/merge_requests"

    found = httpx.request("GET", url, headers=AUTHORISED[GitProvider.GITLAB], trust_env=False)

    assert found.status_code == 404


@pytest.mark.parametrize("only", [GitProvider.GITLAB], indirect=True)
@pytest.mark.parametrize(
    ("change", "status"),
    [("draft", 405), ("closed", 405), ("protected", 401), ("conflict", 422), ("sha", 409)],
)
def test_gitlab_refuses_to_merge(only: Rough, change: str, status: int) -> None:
    only.create()
    repository, body = only.host.repository, {}
    pull = repository.pulls[1]
    pull.is_draft = change == "draft"
    pull.state = "closed" if change == "closed" else "open"
    if change == "protected":
        repository.protected.add("main")
    if change == "conflict":
        repository.commit("main", {"image.txt": "v9\n"})
    if change == "sha":
        body = {"sha": "0" * 40}

    assert only.ask("PUT", "/1/merge", body=body).status_code == status
    assert pull.state != "merged"


@pytest.mark.parametrize("only", [GitProvider.GITEA], indirect=True)
@pytest.mark.parametrize(
    ("body", "status"), [({}, 422), ({"Do": "teleport"}, 422), ({"Do": "merge"}, 200)]
)
def test_gitea_wants_to_know_how_to_merge(only: Rough, body: JSONObject, status: int) -> None:
    only.create()

    assert only.ask("POST", "/1/merge", body=body).status_code == status


@pytest.mark.parametrize("only", [GitProvider.GITEA], indirect=True)
def test_gitea_wants_ids_of_labels(only: Rough) -> None:
    assert only.create(labels=["kargo"]).status_code == 422


@pytest.mark.parametrize("only", [GitProvider.AZURE], indirect=True)
def test_azure_wants_whole_ref_names_and_a_version(only: Rough) -> None:
    assert only.create(sourceRefName="change").status_code == 400
    assert only.ask(params={"api-version": ""}).status_code == 400

    only.create()
    short = only.ask(params={"searchCriteria.sourceRefName": "change"})
    assert short.json()["value"] == []


@pytest.mark.parametrize("only", [GitProvider.AZURE], indirect=True)
def test_azure_completes_only_what_was_looked_at(only: Rough) -> None:
    only.create()
    stale: JSONObject = {"status": "completed", "lastMergeSourceCommit": {"commitId": "0" * 40}}

    assert only.ask("PATCH", "/1", body={"status": "completed"}).status_code == 409
    assert only.ask("PATCH", "/1", body=stale).status_code == 409


@pytest.mark.parametrize("only", [GitProvider.BITBUCKET], indirect=True)
def test_bitbucket_abbreviates_and_lists_open_ones_ten_at_a_time(only: Rough) -> None:
    for _ in range(11):
        only.create()
    only.host.repository.pulls[1].state = "closed"

    page = only.ask().json()

    assert len(page["values"]) == 10
    assert "next" not in page
    assert {len(it["source"]["commit"]["hash"]) for it in page["values"]} == {12}
    assert only.ask(params={"pagelen": "51"}).status_code == 400
    assert only.ask("POST", "/2/merge", body={}).status_code == 400

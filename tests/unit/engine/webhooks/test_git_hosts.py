"""What GitHub, GitLab, Gitea, Bitbucket and Azure DevOps send that is not the plain case."""

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.webhooks.decisions import (
    NOTHING_TO_DO,
    RefreshPromotions,
    RefreshWarehouses,
    Reply,
)
from tests.unit.engine.webhooks.samples import SAMPLES, decide_on, decide_sample

INVALID_BODY = Reply(400, {"error": "invalid request body"})
_TOUCHED: JSONObject = {"modified": ["a.txt"]}


def files_of(kind: str, payload: JSONObject, **headers: str) -> tuple[str, ...]:
    decision = decide_on(kind, payload, **headers)
    assert isinstance(decision, RefreshWarehouses)
    return decision.changed_files


@pytest.mark.parametrize(("commits", "files"), [(2047, ("a.txt",)), (2048, ()), (2049, ())])
def test_a_full_list_of_commits_from_github_may_be_cut_so_its_files_do_not_count(
    commits: int, files: tuple[str, ...]
) -> None:
    payload: JSONObject = {"commits": [_TOUCHED] * commits, "head_commit": _TOUCHED}

    assert files_of("github", payload, X_GitHub_Event="push") == files


@pytest.mark.parametrize(
    ("kind", "header", "event", "total_field"),
    [
        ("gitlab", "X_Gitlab_Event", "Push Hook", "total_commits_count"),
        ("gitea", "X_Gitea_Event", "push", "total_commits"),
    ],
)
@pytest.mark.parametrize(
    ("total", "files"), [(None, ("a.txt",)), (0, ("a.txt",)), (1, ("a.txt",)), (2, ())]
)
def test_files_count_only_if_every_commit_is_listed(
    kind: str,
    header: str,
    event: str,
    total_field: str,
    total: int | None,
    files: tuple[str, ...],
) -> None:
    payload: JSONObject = {"commits": [_TOUCHED], total_field: total}

    assert files_of(kind, payload, **{header: event}) == files


@pytest.mark.parametrize("action", ["opened", "edited", "synchronize", "", "CLOSED"])
@pytest.mark.parametrize(
    ("kind", "header"), [("github", "X_GitHub_Event"), ("gitea", "X_Gitea_Event")]
)
def test_a_pull_request_that_is_not_closed_wakes_nobody(
    kind: str, header: str, action: str
) -> None:
    payload: JSONObject = {"action": action, "pull_request": {"html_url": "https://x.example/1"}}

    assert decide_on(kind, payload, **{header: "pull_request"}) == NOTHING_TO_DO


@pytest.mark.parametrize("action", ["open", "reopen", "update", "approved", ""])
def test_a_merge_request_that_is_neither_merged_nor_closed_wakes_nobody(action: str) -> None:
    payload: JSONObject = {"object_attributes": {"action": action, "url": "https://x.example/1"}}

    assert decide_on("gitlab", payload, X_Gitlab_Event="Merge Request Hook") == NOTHING_TO_DO


def test_a_closed_merge_request_is_final_too() -> None:
    payload: JSONObject = {"object_attributes": {"action": "close", "url": "https://x.example/1"}}

    decision = decide_on("gitlab", payload, X_Gitlab_Event="Merge Request Hook")

    assert decision == RefreshPromotions("https://x.example/1")


@pytest.mark.parametrize("event", ["package", "registry_package"])
@pytest.mark.parametrize(
    ("action", "package", "expected"),
    [
        ("deleted", {"package_type": "CONTAINER", "package_version": {}}, NOTHING_TO_DO),
        ("deleted", None, NOTHING_TO_DO),
        ("published", None, INVALID_BODY),
        ("published", {"package_type": "npm"}, INVALID_BODY),
        ("published", {"package_type": "CONTAINER", "package_version": None}, INVALID_BODY),
        ("published", {"package_type": "npm", "package_version": {}}, NOTHING_TO_DO),
        ("published", {"package_type": "container", "package_version": {}}, NOTHING_TO_DO),
        ("updated", {"package_type": "docker", "package_version": {}}, RefreshWarehouses(())),
    ],
)
def test_only_published_containers_of_github_count(
    event: str, action: str, package: JSONValue, expected: object
) -> None:
    payload: JSONObject = {"action": action, event: package}

    assert decide_on("github", payload, X_GitHub_Event=event) == expected


def test_a_package_address_without_a_tag_loses_its_colon() -> None:
    version: JSONObject = {"package_url": "ghcr.io/Acme/Shop:"}
    package: JSONObject = {"package_type": "CONTAINER", "package_version": version}

    decision = decide_on(
        "github", {"action": "published", "package": package}, X_GitHub_Event="package"
    )

    assert decision == RefreshWarehouses(("ghcr.io/acme/shop",))


@pytest.mark.parametrize(
    ("new", "qualifiers"),
    [
        ({"type": "branch", "name": "trunk"}, ("refs/heads/trunk",)),
        ({"type": "tag", "name": "1.4.0"}, ("refs/tags/1.4.0",)),
        ({"type": "bookmark", "name": "x"}, ("refs/heads/x",)),
        ({"name": "feature/a"}, ("refs/heads/feature/a",)),
        ({"type": "tag", "name": ""}, ()),
        (None, ()),
    ],
)
def test_bitbucket_cloud_names_refs_by_kind_and_deleted_ones_not_at_all(
    new: JSONValue, qualifiers: tuple[str, ...]
) -> None:
    decision = decide_on(
        "bitbucket", {"push": {"changes": [{"new": new}]}}, X_Event_Key="repo:push"
    )

    assert decision == RefreshWarehouses((), qualifiers)


def test_the_address_from_bitbucket_cloud_is_taken_as_it_is() -> None:
    href = "https://bitbucket.org/Acme/Shop/"
    payload: JSONObject = {"repository": {"links": {"html": {"href": href}}}}

    assert decide_on("bitbucket", payload, X_Event_Key="repo:push") == RefreshWarehouses((href,))


@pytest.mark.parametrize("event", ["pullrequest:rejected", "pullrequest:fulfilled"])
def test_finished_pull_requests_of_bitbucket_cloud_wake_promotions(event: str) -> None:
    payload = SAMPLES["bitbucket cloud pull request"].payload

    assert isinstance(decide_on("bitbucket", payload, X_Event_Key=event), RefreshPromotions)


@pytest.mark.parametrize("links", [{}, {"self": []}, {"self": None}, {"self": [None]}])
def test_a_pull_request_without_an_address_is_one_nobody_waits_for(links: JSONObject) -> None:
    payload: JSONObject = {"pullRequest": {"links": links}}

    assert decide_on("bitbucket", payload, X_Event_Key="pr:declined") == RefreshPromotions("")


@pytest.mark.parametrize(
    ("event", "status", "expected"),
    [
        ("git.pullrequest.merged", "completed", RefreshPromotions("https://x.example/1")),
        ("git.pullrequest.merged", "", RefreshPromotions("https://x.example/1")),
        ("git.pullrequest.updated", "abandoned", RefreshPromotions("https://x.example/1")),
        ("git.pullrequest.updated", "active", NOTHING_TO_DO),
        ("git.pullrequest.updated", "", NOTHING_TO_DO),
        (
            "git.pullrequest.created",
            "active",
            Reply(400, {"error": "event type git.pullrequest.created is not supported"}),
        ),
        ("", "", Reply(400, {"error": "event type  is not supported"})),
    ],
)
def test_azure_devops_tells_merged_from_abandoned(
    event: str, status: str, expected: object
) -> None:
    resource: JSONObject = {"status": status, "_links": {"web": {"href": "https://x.example/1"}}}
    payload: JSONObject = {"eventType": event, "resource": resource}

    assert decide_on("azure", payload, User_Agent="VSServices/2") == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_a_field_of_the_wrong_type_is_refused_wherever_it_is(name: str) -> None:
    sample = SAMPLES[name]
    top = next(iter(sample.payload))
    payload = {**sample.payload, top: 4711}

    expected = decide_sample(sample) if name == "github ping" else INVALID_BODY

    assert decide_on(sample.kind, payload, **sample.headers) == expected


@pytest.mark.parametrize(
    ("kind", "header", "status"),
    [
        ("github", "X_GitHub_Event", 400),
        ("gitlab", "X_Gitlab_Event", 400),
        ("gitea", "X_Gitea_Event", 501),
        ("bitbucket", "X_Event_Key", 400),
    ],
)
@pytest.mark.parametrize("event", ["issues", "", "PUSH", "push "])
def test_an_unknown_event_is_named_in_the_answer(
    kind: str, header: str, status: int, event: str
) -> None:
    expected = Reply(status, {"error": f"event type {event} is not supported"})

    assert decide_on(kind, {}, **{header: event}) == expected

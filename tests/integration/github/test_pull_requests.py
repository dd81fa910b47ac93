import pytest

from common.jsontypes import as_list, as_object, as_text
from promotions.engine.scm.providers import GitProvider
from promotions.gateways.scm.providers import HostedProviders
from promotions.ports.scm import (
    NewPullRequest,
    PullRequestFilter,
    PullRequestQuery,
    PullRequests,
    RepositoryAccess,
    ScmAuthenticationError,
    ScmLimitError,
    ScmNotFoundError,
    ScmRefusedError,
    ScmUnavailableError,
)
from tests.fakes.github import secondary_limit
from tests.fakes.github_site import LOOPBACK, GitHubSite
from tests.fakes.scm_server import Fault, Reply


def pulls(site: GitHubSite, access: RepositoryAccess | None = None) -> PullRequests:
    return HostedProviders(LOOPBACK).pull_requests(access or site.access())


def opened(site: GitHubSite, source: str = "feature", **more: tuple[str, ...]) -> int:
    if not site.repository.origin.branch(source):
        site.repository.origin.commit({f"{source}.txt": source}, "Add", branch=source)
    request = NewPullRequest("Promote", "Words", source, "main", **more)
    return pulls(site).create(request).number


def test_a_pull_request_is_opened_then_labelled(site: GitHubSite) -> None:
    number = opened(site, labels=("kargo", "test"))

    item = site.repository.items[number]
    assert [as_object(it)["name"] for it in as_list(item["labels"])] == ["kargo", "test"]
    assert pulls(site).get(number).is_open
    assert pulls(site).get(number).merge_commit == ""
    assert pulls(site).get(number).url == f"{site.server.url}/Octo/Config/pull/{number}"


def test_labels_that_fail_once_are_asked_for_again_and_no_second_request_is_opened(
    site: GitHubSite,
) -> None:
    site.server.fail(Fault("POST", "/labels", before=Reply(502)))

    opened(site, labels=("kargo",))

    assert len(site.server.sent("POST", "/pulls")) == 1
    assert len(site.server.sent("POST", "/labels")) == 2


def test_labels_that_are_refused_are_an_error_that_says_what_was_opened(site: GitHubSite) -> None:
    site.server.fail(Fault("POST", "/labels", before=Reply(403, {"message": "Resource not"})))

    with pytest.raises(ScmAuthenticationError, match="/pull/1 was opened, but could not be"):
        opened(site, labels=("kargo",))
    found = pulls(site).find(PullRequestQuery(source="feature", target="main"))

    assert [it.number for it in found] == [1]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("absent", "main", "head"),
        ("main", "main", "No commits between main and main"),
        ("feature", "main", "A pull request already exists for Octo:feature"),
    ],
)
def test_what_github_will_not_open_is_refused_in_its_words(
    site: GitHubSite, source: str, target: str, words: str
) -> None:
    opened(site)

    with pytest.raises(ScmRefusedError, match=words) as caught:
        pulls(site).create(NewPullRequest("T", "", source, target))

    assert caught.value.status == 422
    assert not caught.value.retryable


def test_only_the_branch_that_is_asked_for_is_found(site: GitHubSite) -> None:
    numbers = [opened(site, name) for name in ("one", "two", "feature/x")]

    found = pulls(site).find(PullRequestQuery(source="feature/x", target="main"))

    assert [it.number for it in found] == [numbers[2]]
    assert site.server.sent("GET", "/pulls")[-1].param("head") == "octo:feature/x"


def test_a_head_commit_and_a_state_narrow_the_search(site: GitHubSite) -> None:
    number = opened(site)
    head = site.repository.origin.branch("feature")
    site.repository.items[number]["state"] = "closed"

    def numbers(query: PullRequestQuery) -> list[int]:
        return [it.number for it in pulls(site).find(query)]

    assert numbers(PullRequestQuery()) == []
    assert numbers(PullRequestQuery(PullRequestFilter.CLOSED, head_commit=head)) == [number]
    assert numbers(PullRequestQuery(PullRequestFilter.ANY, head_commit="0" * 40)) == []


def test_all_pages_are_looked_at(site: GitHubSite) -> None:
    number = opened(site)
    for copy in range(2, 130):
        site.repository.items[copy] = {**site.repository.items[number], "number": copy}

    found = pulls(site).find(PullRequestQuery(source="feature"))

    assert len(found) == 129


def test_a_pull_request_from_a_fork_is_not_taken_for_ours(site: GitHubSite) -> None:
    site.repository.items[opened(site)]["head_repository"] = 2

    assert pulls(site).find(PullRequestQuery(source="feature")) == ()


@pytest.mark.parametrize("method", ["", "merge", "squash", "rebase"])
def test_a_ready_pull_request_is_merged_and_its_commit_told(site: GitHubSite, method: str) -> None:
    number = opened(site)

    merged = pulls(site).merge(number, method=method)

    assert merged is not None
    assert merged.is_merged
    assert merged.merge_commit == site.repository.origin.branch("main")
    assert site.server.sent("PUT")[0].body == ({"merge_method": method} if method else {})


def test_one_that_is_merged_already_is_returned_as_it_is(site: GitHubSite) -> None:
    number = opened(site)
    first = pulls(site).merge(number)

    assert pulls(site).merge(number) == first
    assert len(site.server.sent("PUT")) == 1


def test_one_that_is_closed_is_refused(site: GitHubSite) -> None:
    number = opened(site)
    site.repository.items[number]["state"] = "closed"

    with pytest.raises(ScmRefusedError, match="1 is closed but not merged"):
        pulls(site).merge(number)


@pytest.mark.parametrize("state", ["draft", "unknown", "somehow"])
def test_one_that_is_not_ready_is_not_tried(site: GitHubSite, state: str) -> None:
    number = opened(site)
    site.repository.items[number]["states"] = [state]
    site.repository.items[number]["draft"] = state == "somehow"

    assert pulls(site).merge(number) is None
    assert site.server.sent("PUT") == []


@pytest.mark.parametrize("state", ["clean", "unstable", "has_hooks", "blocked", "behind", "new"])
def test_one_whose_state_allows_it_is_tried(site: GitHubSite, state: str) -> None:
    number = opened(site)
    site.repository.items[number]["states"] = [state]

    merged = pulls(site).merge(number)

    assert merged is not None
    assert merged.is_merged


def test_conflicts_are_refused_without_trying(site: GitHubSite) -> None:
    site.repository.origin.commit({"values.yaml": "tag: a\n"}, "Ours", branch="feature")
    site.repository.origin.commit({"values.yaml": "tag: b\n"}, "Theirs")
    number = opened(site)

    with pytest.raises(ScmRefusedError, match="conflicts"):
        pulls(site).merge(number)
    assert site.server.sent("PUT") == []


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("clean", "Base branch was modified. Review and try the merge again."),
        ("clean", "Pull Request is not mergeable"),
        ("blocked", "At least 1 approving review is required by reviewers with write access."),
        ("behind", "Required status check is expected."),
    ],
)
def test_a_refusal_that_can_pass_is_not_ready(site: GitHubSite, state: str, words: str) -> None:
    item = site.repository.items[opened(site)]
    item.update({"states": [state], "refuses": [words]})

    assert pulls(site).merge(1) is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("clean", "Squash merges are not allowed on this repository."),
        ("blocked", "Merge commits are not allowed on this repository."),
        ("clean", "Something new."),
    ],
)
def test_a_refusal_for_good_is_an_error(site: GitHubSite, state: str, words: str) -> None:
    item = site.repository.items[opened(site)]
    item.update({"states": [state], "refuses": [words]})

    with pytest.raises(ScmRefusedError, match=words) as caught:
        pulls(site).merge(1)
    assert not caught.value.retryable


def test_a_merge_whose_answer_is_lost_is_found_merged(site: GitHubSite) -> None:
    opened(site)
    site.server.fail(*[Fault("PUT", "/merge", after=Reply(409, {"message": "Conflict"}))])

    merged = pulls(site).merge(1)

    assert merged is not None
    assert merged.is_merged


def test_a_wrong_token_a_hidden_repository_and_a_missing_number_are_told_apart(
    site: GitHubSite,
) -> None:
    with pytest.raises(ScmAuthenticationError, match="Bad credentials") as caught:
        pulls(site, site.access("ghp_wrong")).get(1)
    assert "ghp_wrong" not in str(caught.value)
    with pytest.raises(ScmNotFoundError):
        pulls(site, site.access("")).get(1)
    with pytest.raises(ScmNotFoundError):
        pulls(site).get(99)


def test_limits_are_waited_out_if_they_are_short_and_told_if_not(site: GitHubSite) -> None:
    opened(site)
    site.server.fail(Fault("GET", "/pulls/1", before=secondary_limit(seconds=0)))

    assert pulls(site).get(1).is_open
    site.server.fail(Fault("GET", "/pulls/1", before=secondary_limit(seconds=600)))
    with pytest.raises(ScmLimitError) as caught:
        pulls(site).get(1)

    assert caught.value.retryable


def test_nonsense_is_an_error_of_github(site: GitHubSite) -> None:
    nonsense: tuple[Reply, ...] = (Reply(200, raw=b"<html>"), Reply(200, []), Reply(200, {"a": 1}))
    for reply in nonsense:
        site.server.fail(*[Fault("GET", "/pulls/1", before=reply)] * 4)
        with pytest.raises(ScmUnavailableError):
            pulls(site).get(1)
        site.server.faults.clear()


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://github.com/Octo/Config.git", "https://api.github.com"),
        ("https://octo.ghe.com/octo/config", "https://octo.ghe.com/api/v3"),
        ("http://github.example.com:8080/octo/config/", "http://github.example.com:8080/api/v3"),
        ("git@github.com:octo/config.git", "https://api.github.com"),
        ("ssh://git@github.example.com/octo/config", "https://github.example.com/api/v3"),
    ],
)
def test_the_api_is_where_the_host_has_it(url: str, api: str) -> None:
    access = RepositoryAccess(url, GitProvider.GITHUB)
    found = HostedProviders(LOOPBACK).pull_requests(access)

    repository = found.repository  # type: ignore[attr-defined] # it is GitHub's own class
    assert (repository.api.base_url, repository.path) == (api, "/repos/octo/config")


def test_an_operator_can_say_where_the_public_api_is() -> None:
    providers = HostedProviders(LOOPBACK, {GitProvider.GITHUB: "https://proxy.example.com/gh"})
    found = providers.pull_requests(RepositoryAccess("https://github.com/octo/config"))

    assert found.repository.api.base_url == "https://proxy.example.com/gh"  # type: ignore[attr-defined] # it is GitHub's own class


def test_the_date_of_creation_is_read(site: GitHubSite) -> None:
    created_at = pulls(site).get(opened(site)).created_at

    assert created_at is not None
    assert created_at.tzinfo is not None
    assert as_text(site.repository.items[1]["created_at"])[:10] == created_at.date().isoformat()

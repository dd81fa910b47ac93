"""Speaks to GitHub, and GitHub Enterprise, about pull requests.

Source: GitHub REST documentation, "Pulls" and "Labels"; the meaning of ``mergeable_state`` from
GraphQL's ``MergeStateStatus``; Kargo ``pkg/gitprovider/github``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.scm.providers import GitProvider
from promotions.engine.scm.pull_requests import pull_request_state
from promotions.gateways.github.access import GitHubRepository, GitHubSettings, open_repository
from promotions.gateways.json_answers import Answer
from promotions.gateways.scm.pull_requests import (
    Listed,
    matching,
    merged_all_the_same,
    number_in,
    object_in,
    open_pull_request,
    time_in,
)
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    RepositoryAccess,
    ScmError,
    ScmRefusedError,
    ScmUnavailableError,
)

NAME = "GitHub"

_OK = 200
_NOT_ALLOWED = 405
_LABELLING_ATTEMPTS = 3
_STATES = {
    PullRequestFilter.ANY: "all",
    PullRequestFilter.CLOSED: "closed",
    PullRequestFilter.OPEN: "open",
}
_READY = frozenset({"clean", "unstable", "has_hooks"})
# The rules of the branch are in the way, which the token may be allowed to pass by.
_BLOCKED = frozenset({"blocked", "behind"})
_CONFLICTING = "dirty"
_NOT_READY = frozenset({"draft", "unknown"})
_PASSING = ("Base branch was modified", "Pull Request is not mergeable")


def open_github(
    access: RepositoryAccess, policy: EgressPolicy, api_url: str
) -> "GitHubPullRequests":
    """Return the pull requests of a repository.

    Args:
        access: Which repository, and how to be let in.
        policy: What may be connected to.
        api_url: Where the API of github.com is, if not there.

    Raises:
        InvalidError: The address does not end in owner/repository.
    """
    return GitHubPullRequests(open_repository(access, GitHubSettings(policy, api_url)))


@dataclass(frozen=True, slots=True)
class GitHubPullRequests:
    """:class:`~promotions.ports.scm.PullRequests` of one repository."""

    repository: GitHubRepository

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a pull request, then label it; GitHub makes labels that do not exist.

        Raises:
            ScmError: It was not opened, or was and has no labels; the message says which.
        """
        body: JSONObject = {
            "title": request.title,
            "body": request.description,
            "head": request.source,
            "base": request.target,
            "maintainer_can_modify": False,
        }
        answer = self.repository.api.call("POST", self._path(), body=body)
        opened = _listed(answer.body).request
        if request.labels:
            self._label(opened, request.labels)
        return opened

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; GitHub makes those that do not exist, and leaves those that are there."""
        path = f"{self.repository.path}/issues/{number}/labels"
        self.repository.api.call("POST", path, body={"labels": list(labels)})

    def get(self, number: int) -> PullRequest:
        """Return a pull request."""
        return _listed(self._read(number)).request

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match; GitHub looks at the branches, we at the head's commit."""
        params = {
            "state": _STATES[query.state],
            "head": f"{self.repository.owner}:{query.source}" if query.source else "",
            "base": query.target,
            "per_page": "100",
        }
        pages = self.repository.api.pages(
            self._path(), params=[it for it in params.items() if it[1]]
        )
        return tuple(matching((_listed(it) for page in pages for it in as_list(page)), query))

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Try to merge, unless GitHub says that it cannot be done now.

        Raises:
            ScmRefusedError: It is closed, conflicts, or may not be merged in this way.
        """
        read = self._read(number)
        found = _listed(read).request
        if found.is_merged:
            return found
        open_pull_request(found)
        if not _is_worth_trying(read, number):
            return None
        body: JSONObject = {"merge_method": method} if method else {}
        try:
            answer = self.repository.api.call(
                "PUT", f"{self._path(number)}/merge", body=body, accept=(_OK, _NOT_ALLOWED)
            )
        except (ScmRefusedError, ScmUnavailableError) as error:
            return merged_all_the_same(error, lambda: self.get(number))
        if answer.status == _OK:
            return self.get(number)
        _check_refusal(answer, number, is_blocked=read.get("mergeable_state") in _BLOCKED)
        return None

    def _label(self, opened: PullRequest, labels: Sequence[str]) -> None:
        for attempt in range(1, _LABELLING_ATTEMPTS + 1):
            try:
                self.label(opened.number, labels)
            except ScmError as error:
                if error.retryable and attempt < _LABELLING_ATTEMPTS:
                    continue
                error.message = (
                    f"{opened.url} was opened, but could not be labelled: {error.message}"
                )
                error.args = (error.message,)
                raise
            return

    def _read(self, number: int) -> JSONObject:
        return as_object(self.repository.api.call("GET", self._path(number)).body)

    def _path(self, number: int | None = None) -> str:
        pulls = f"{self.repository.path}/pulls"
        return pulls if number is None else f"{pulls}/{number}"


def _is_worth_trying(read: JSONObject, number: int) -> bool:
    """Return whether GitHub may merge the pull request if it is asked now.

    Raises:
        ScmRefusedError: It conflicts with its base, which only a person can change.
    """
    state = as_text(read.get("mergeable_state"))
    if state == _CONFLICTING:
        raise ScmRefusedError(
            f"pull request {number} has conflicts with its base branch", retryable=False
        )
    if state in _NOT_READY:
        return False
    if state in _READY | _BLOCKED:
        return True
    return read.get("draft") is not True and read.get("mergeable") is True


def _check_refusal(answer: Answer, number: int, *, is_blocked: bool) -> None:
    """Accept that GitHub would not merge if that can pass.

    Raises:
        ScmRefusedError: It cannot.
    """
    message = as_text(as_object(answer.body).get("message"))
    if "not allowed" not in message and (is_blocked or any(it in message for it in _PASSING)):
        return
    raise ScmRefusedError(
        f"GitHub will not merge pull request {number}: {message or 'it does not say why'}",
        retryable=False,
        status=answer.status,
    )


def _listed(value: JSONValue) -> Listed:
    found = object_in(value, name=NAME)
    merged_at = as_text(found.get("merged_at"))
    state = pull_request_state(
        GitProvider.GITHUB, as_text(found.get("state")), has_merged=bool(merged_at)
    )
    head, base = as_object(found.get("head")), as_object(found.get("base"))
    request = PullRequest(
        number=number_in(found.get("number"), name=NAME),
        url=as_text(found.get("html_url")),
        is_open=state.is_open,
        is_merged=state.is_merged,
        # Of one that is not merged it is only a test merge.
        merge_commit=as_text(found.get("merge_commit_sha")) if state.is_merged else "",
        head_commit=as_text(head.get("sha")),
        created_at=time_in(found.get("created_at")),
    )
    return Listed(
        request,
        source=as_text(head.get("ref")),
        target=as_text(base.get("ref")),
        is_fork=_repository(head) != _repository(base),
    )


def _repository(end: JSONObject) -> JSONValue:
    return as_object(end.get("repo")).get("id")

"""Speaks to Gitea and Forgejo about pull requests.

Source: Gitea API, "repository" operations on pulls and "issue" operations on labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.scm.providers import GitProvider
from promotions.engine.scm.pull_requests import pull_request_state
from promotions.engine.scm.repositories import parse_repository
from promotions.gateways.json_api import JsonApi
from promotions.gateways.scm.pull_requests import (
    LIST_PAGES,
    Listed,
    known_method,
    list_in,
    matching,
    merged_all_the_same,
    number_in,
    object_in,
    open_pull_request,
    time_in,
    token_of,
)
from promotions.ports.scm import (
    NewPullRequest,
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    RepositoryAccess,
    ScmRefusedError,
    ScmUnavailableError,
)

NAME = "Gitea"
DEFAULT_METHOD = "merge"
METHODS = frozenset(
    {"fast-forward-only", "manually-merged", "merge", "rebase", "rebase-merge", "squash"}
)

_STATES = {
    PullRequestFilter.ANY: "all",
    PullRequestFilter.CLOSED: "closed",
    PullRequestFilter.OPEN: "open",
}
_PAGE_SIZE = ("limit", "50")
_NOT_ALLOWED = 405
# Gitea says so while it is still finding out whether the branches conflict.
_NOT_YET = "try again later"


def open_gitea(access: RepositoryAccess, policy: EgressPolicy, api_url: str) -> "GiteaPullRequests":
    """Return the pull requests of a repository.

    Args:
        access: Which repository, and how to be let in.
        policy: What may be connected to.
        api_url: Not used: no instance is everybody's.

    Raises:
        InvalidError: The address does not end in ``owner/repository``.
    """
    del api_url
    found = parse_repository(access.url, provider=GitProvider.GITEA)
    token = token_of(access)
    api = JsonApi(
        policy,
        f"{found.scheme}://{found.host}/api/v1",
        headers=(("Authorization", f"token {token}"),) if token else (),
        verify_tls=not access.insecure_skip_tls_verify,
        name=NAME,
    )
    return GiteaPullRequests(
        api, f"/repos/{quote(found.owner, safe='')}/{quote(found.name, safe='')}"
    )


@dataclass(frozen=True, slots=True)
class GiteaPullRequests:
    """:class:`~promotions.ports.scm.PullRequests` of one repository."""

    api: JsonApi
    path: str

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a pull request; its labels must exist."""
        body: JSONObject = {
            "title": request.title,
            "body": request.description,
            "head": request.source,
            "base": request.target,
            "labels": self._label_ids(request.labels),
        }
        return _listed(self.api.call("POST", f"{self.path}/pulls", body=body).body).request

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Do nothing: labels come with the opening."""

    def get(self, number: int) -> PullRequest:
        """Return a pull request."""
        return _listed(self._read(number)).request

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match; Gitea looks at the state only, we at the rest."""
        params = (("state", _STATES[query.state]), _PAGE_SIZE)
        pages = self.api.pages(f"{self.path}/pulls", params=params, limit=LIST_PAGES)
        found = (_listed(it) for page in pages for it in list_in(page, name=NAME))
        return tuple(matching(found, query))

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Try to merge, if Gitea says that the branches can be merged."""
        read = self._read(number)
        found = _listed(read).request
        if found.is_merged:
            return found
        open_pull_request(found)
        known_method(method, METHODS)
        if read.get("draft") is True or read.get("mergeable") is not True:
            return None
        return self._attempt(number, method=method or DEFAULT_METHOD)

    def _attempt(self, number: int, *, method: str) -> PullRequest | None:
        error: ScmRefusedError | ScmUnavailableError
        try:
            self.api.call("POST", f"{self.path}/pulls/{number}/merge", body={"Do": method})
        except ScmRefusedError as refusal:
            if refusal.status == _NOT_ALLOWED and _NOT_YET in refusal.message:
                return None
            error = refusal
        except ScmUnavailableError as failure:
            error = failure
        else:
            error = ScmRefusedError(f"pull request {number} was not merged", retryable=False)
        return merged_all_the_same(error, lambda: self.get(number))

    def _read(self, number: int) -> JSONObject:
        return as_object(self.api.call("GET", f"{self.path}/pulls/{number}").body)

    def _label_ids(self, names: Sequence[str]) -> list[JSONValue]:
        """Return the ids of labels, each once.

        Raises:
            InvalidError: The repository has no label of some of the names.
        """
        wanted = dict.fromkeys(names)
        if not wanted:
            return []
        pages = self.api.pages(f"{self.path}/labels", params=[_PAGE_SIZE])
        labels = [as_object(it) for page in pages for it in list_in(page, name=NAME)]
        ids = {as_text(it.get("name")): it.get("id") for it in labels}
        missing = [name for name in wanted if name not in ids]
        if missing:
            raise InvalidError(f"labels not found in the repository: {', '.join(missing)}")
        return [ids[name] for name in wanted]


def _listed(value: JSONValue) -> Listed:
    found = object_in(value, name=NAME)
    head, base = as_object(found.get("head")), as_object(found.get("base"))
    state = pull_request_state(
        GitProvider.GITEA, as_text(found.get("state")), has_merged=found.get("merged") is True
    )
    request = PullRequest(
        number=number_in(found.get("number"), name=NAME),
        url=as_text(found.get("html_url")),
        is_open=state.is_open,
        is_merged=state.is_merged,
        merge_commit=as_text(found.get("merge_commit_sha")) if state.is_merged else "",
        head_commit=as_text(head.get("sha")),
        created_at=time_in(found.get("created_at")),
    )
    return Listed(
        request,
        source=_branch(head),
        target=_branch(base),
        is_fork=head.get("repo_id") != base.get("repo_id"),
    )


def _branch(end: JSONObject) -> str:
    """Return a branch's name; when it is deleted, only the label still says it."""
    return as_text(end.get("label")) or as_text(end.get("ref"))

"""Speaks to GitLab about merge requests.

Source: GitLab REST API, "Merge requests API".
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

NAME = "GitLab"
PUBLIC_HOST = "gitlab.com"
METHODS = frozenset({"merge", "squash"})

_MERGEABLE = "mergeable"
_STATES = {
    PullRequestFilter.ANY: "all",
    PullRequestFilter.CLOSED: "all",
    PullRequestFilter.OPEN: "opened",
}


def open_gitlab(
    access: RepositoryAccess, policy: EgressPolicy, api_url: str
) -> "GitLabPullRequests":
    """Return the merge requests of a project.

    Args:
        access: Which project, and how to be let in.
        policy: What may be connected to.
        api_url: Where the API of gitlab.com is, if not there.

    Raises:
        InvalidError: The address names no project.
    """
    found = parse_repository(access.url, provider=GitProvider.GITLAB)
    if "/" not in found.project:
        raise InvalidError(f'"{access.url}" does not end in group/project.')
    public = api_url or f"https://{PUBLIC_HOST}/api/v4"
    own = f"{found.scheme}://{found.host}/api/v4"
    token = token_of(access)
    api = JsonApi(
        policy,
        public if found.host == PUBLIC_HOST else own,
        headers=(("PRIVATE-TOKEN", token),) if token else (),
        verify_tls=not access.insecure_skip_tls_verify,
        name=NAME,
    )
    return GitLabPullRequests(api, f"/projects/{quote(found.project, safe='')}/merge_requests")


@dataclass(frozen=True, slots=True)
class GitLabPullRequests:
    """:class:`~promotions.ports.scm.PullRequests` of one project."""

    api: JsonApi
    path: str

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a merge request; GitLab makes labels that do not exist."""
        if any("," in label for label in request.labels):
            raise InvalidError("A label of GitLab cannot have a comma in it.")
        body = {
            "title": request.title,
            "description": request.description,
            "source_branch": request.source,
            "target_branch": request.target,
            "labels": ",".join(request.labels),
        }
        sent = {name: value for name, value in body.items() if value or name == "title"}
        return _listed(self.api.call("POST", self.path, body=sent).body).request

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Do nothing: labels come with the opening."""

    def get(self, number: int) -> PullRequest:
        """Return a merge request by its number in the project."""
        return _listed(self._read(number)).request

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match; GitLab looks at the branches, we at the rest."""
        params = {
            "state": _STATES[query.state],
            "source_branch": query.source,
            "target_branch": query.target,
            "per_page": "100",
        }
        pages = self.api.pages(self.path, params=[it for it in params.items() if it[1]])
        found = (_listed(it) for page in pages for it in list_in(page, name=NAME))
        return tuple(matching(found, query))

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Try to merge, if GitLab says that nothing is in the way."""
        read = self._read(number)
        found = _listed(read).request
        if found.is_merged:
            return found
        open_pull_request(found)
        known_method(method, METHODS)
        is_draft = read.get("draft") is True or read.get("work_in_progress") is True
        if is_draft or read.get("detailed_merge_status") != _MERGEABLE:
            return None
        body: JSONObject = {"squash": method == "squash"} if method else {}
        try:
            answer = self.api.call("PUT", f"{self.path}/{number}/merge", body=body)
        except (ScmRefusedError, ScmUnavailableError) as error:
            return merged_all_the_same(error, lambda: self.get(number))
        merged = _listed(answer.body).request
        return merged if merged.is_merged else None

    def _read(self, number: int) -> JSONObject:
        return as_object(self.api.call("GET", f"{self.path}/{number}").body)


def _listed(value: JSONValue) -> Listed:
    found = object_in(value, name=NAME)
    state = pull_request_state(GitProvider.GITLAB, as_text(found.get("state")))
    request = PullRequest(
        number=number_in(found.get("iid"), name=NAME),
        url=as_text(found.get("web_url")),
        is_open=state.is_open,
        is_merged=state.is_merged,
        merge_commit=_merge_commit(found) if state.is_merged else "",
        head_commit=as_text(found.get("sha")),
        created_at=time_in(found.get("created_at")),
    )
    return Listed(
        request,
        source=as_text(found.get("source_branch")),
        target=as_text(found.get("target_branch")),
        is_fork=found.get("source_project_id") != found.get("target_project_id"),
    )


def _merge_commit(found: JSONObject) -> str:
    """Return what was merged; a fast-forward makes no commit, and a squash another one."""
    names = ("merge_commit_sha", "squash_commit_sha", "sha")
    return next((text for name in names if (text := as_text(found.get(name)))), "")

"""Speaks to Bitbucket Cloud about pull requests.

Source: Bitbucket Cloud REST API, groups "Pullrequests" and "Commits".
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from common.egress import EgressPolicy
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.scm.providers import GitProvider
from promotions.engine.scm.pull_requests import pull_request_state
from promotions.engine.scm.repositories import parse_repository
from promotions.gateways.json_answers import Answer
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
    senseless,
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

NAME = "Bitbucket"
API_URL = "https://api.bitbucket.org/2.0"
METHODS = frozenset(
    {
        "fast_forward",
        "merge_commit",
        "rebase_fast_forward",
        "rebase_merge",
        "squash",
        "squash_fast_forward",
    }
)
LOOKS = 10
"""How often a merge that goes on in the background is looked at, a second apart."""

_CLOSED = ("MERGED", "DECLINED", "SUPERSEDED")
_STATES = {
    PullRequestFilter.ANY: ("OPEN", *_CLOSED),
    PullRequestFilter.CLOSED: _CLOSED,
    PullRequestFilter.OPEN: ("OPEN",),
}
_PAGING = (("sort", "-created_on"), ("pagelen", "50"))
_ACCEPTED = 202
_COMMIT_LENGTH = 40


def open_bitbucket(
    access: RepositoryAccess, policy: EgressPolicy, api_url: str
) -> "BitbucketPullRequests":
    """Return the pull requests of a repository.

    Args:
        access: Which repository, and how to be let in; certificates are always checked.
        policy: What may be connected to.
        api_url: Where the API is, if not at ``API_URL``.

    Raises:
        InvalidError: The address does not end in ``workspace/repository``.
    """
    found = parse_repository(access.url, provider=GitProvider.BITBUCKET)
    token = token_of(access)
    api = JsonApi(
        policy,
        api_url or API_URL,
        headers=(("Authorization", f"Bearer {token}"),) if token else (),
        name=NAME,
    )
    path = f"/repositories/{quote(found.owner, safe='')}/{quote(found.name, safe='')}"
    return BitbucketPullRequests(api, path)


@dataclass(frozen=True, slots=True)
class BitbucketPullRequests:
    """:class:`~promotions.ports.scm.PullRequests` of one repository."""

    api: JsonApi
    path: str
    sleep: Callable[[float], None] = time.sleep

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a pull request; Bitbucket knows no labels, so they are left out."""
        body: JSONObject = {
            "title": request.title,
            "description": request.description,
            "source": {"branch": {"name": request.source}},
            "destination": {"branch": {"name": request.target}},
        }
        answer = self.api.call("POST", f"{self.path}/pullrequests", body=body)
        return self._whole(_listed(answer.body).request)

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Do nothing: Bitbucket has no labels."""

    def get(self, number: int) -> PullRequest:
        """Return a pull request."""
        return self._whole(_listed(self._read(number)).request)

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match; Bitbucket looks at the state, we at the rest."""
        states = [("state", state) for state in _STATES[query.state]]
        pages = self.api.pages(
            f"{self.path}/pullrequests",
            params=(*states, *_PAGING),
            limit=LIST_PAGES,
            following=_next_page,
        )
        return tuple(self._whole(it) for it in matching(_all(pages), query))

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Try to merge; Bitbucket does not tell beforehand whether it could."""
        read = self._read(number)
        found = _listed(read).request
        if found.is_merged:
            return self._whole(found)
        open_pull_request(found)
        known_method(method, METHODS)
        if read.get("draft") is True:
            return None
        body: dict[str, JSONValue] = {"type": "pullrequest_merge_parameters"}
        if method:
            body["merge_strategy"] = method
        try:
            answer = self.api.call("POST", f"{self.path}/pullrequests/{number}/merge", body=body)
        except (ScmRefusedError, ScmUnavailableError) as error:
            return merged_all_the_same(error, lambda: self.get(number))
        if answer.status == _ACCEPTED:
            return self._awaited(number)
        return self._whole(_listed(answer.body).request)

    def _awaited(self, number: int) -> PullRequest:
        """Return what a merge in the background came to.

        Raises:
            ScmUnavailableError: It still goes on.
        """
        for _ in range(LOOKS):
            found = self.get(number)
            if found.is_merged:
                return found
            self.sleep(1)
        raise ScmUnavailableError(
            f"pull request {number} is still being merged; look again later",
            retryable=True,
            status=_ACCEPTED,
        )

    def _read(self, number: int) -> JSONObject:
        return as_object(self.api.call("GET", f"{self.path}/pullrequests/{number}").body)

    def _whole(self, found: PullRequest) -> PullRequest:
        """Return the pull request with its merge commit unabbreviated."""
        short = found.merge_commit
        if not short or len(short) >= _COMMIT_LENGTH:
            return found
        answer = self.api.call("GET", f"{self.path}/commit/{quote(short, safe='')}")
        commit = as_text(as_object(answer.body).get("hash"))
        if not commit.startswith(short):
            raise senseless(NAME)
        return replace(found, merge_commit=commit)


def _next_page(answer: Answer) -> str:
    return as_text(as_object(answer.body).get("next"))


def _all(pages: Iterator[JSONValue]) -> Iterator[Listed]:
    for page in pages:
        for item in list_in(as_object(page).get("values"), name=NAME):
            yield _listed(item)


def _listed(value: JSONValue) -> Listed:
    found = object_in(value, name=NAME)
    source, target = as_object(found.get("source")), as_object(found.get("destination"))
    state = pull_request_state(GitProvider.BITBUCKET, as_text(found.get("state")))
    merge_commit = as_object(found.get("merge_commit"))
    links = as_object(found.get("links"))
    request = PullRequest(
        number=number_in(found.get("id"), name=NAME),
        url=as_text(as_object(links.get("html")).get("href")),
        is_open=state.is_open,
        is_merged=state.is_merged,
        merge_commit=as_text(merge_commit.get("hash")) if state.is_merged else "",
        head_commit=as_text(as_object(source.get("commit")).get("hash")),
        created_at=time_in(found.get("created_on")),
    )
    return Listed(
        request,
        source=_branch(source),
        target=_branch(target),
        is_fork=_repository(source) != _repository(target),
    )


def _branch(end: JSONObject) -> str:
    return as_text(as_object(end.get("branch")).get("name"))


def _repository(end: JSONObject) -> str:
    return as_text(as_object(end.get("repository")).get("full_name"))

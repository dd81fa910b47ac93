"""Speaks to Azure DevOps about pull requests.

Source: Azure DevOps Services REST API 7.1, "Git": "Pull Requests" and "Repositories".
"""

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from common.egress import EgressPolicy
from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.scm.providers import AZURE_HOST, GitProvider
from promotions.engine.scm.pull_requests import azure_pull_request_url, pull_request_state
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
    ScmAuthenticationError,
    ScmError,
    ScmRefusedError,
    ScmUnavailableError,
)

NAME = "Azure DevOps"
API_URL = f"https://{AZURE_HOST}"
METHODS = frozenset({"noFastForward", "rebase", "rebaseMerge", "squash"})
LOOKS = 10
"""How often a completion, which goes on in the background, is looked at, a second apart."""

_VERSION = ("api-version", "7.1")
_PAGE_SIZE = 100
_BRANCHES = "refs/heads/"
_STATES = {
    PullRequestFilter.ANY: "all",
    PullRequestFilter.CLOSED: "all",
    PullRequestFilter.OPEN: "active",
}
# A token that is not valid leads to a page to sign in on, not to a 401.
_SIGN_IN = frozenset({203, 302})


def open_azure(access: RepositoryAccess, policy: EgressPolicy, api_url: str) -> "AzurePullRequests":
    """Return the pull requests of a repository.

    Args:
        access: Which repository, and how to be let in; certificates are always checked.
        policy: What may be connected to.
        api_url: Where the API of all organizations is, if not at ``API_URL``.

    Raises:
        InvalidError: There is no token, or the address is none of Azure DevOps.
    """
    found = parse_repository(access.url, provider=GitProvider.AZURE)
    token = token_of(access)
    if not token:
        raise InvalidError("token is required for Azure DevOps provider")
    pair = base64.b64encode(f":{token}".encode()).decode()
    api = JsonApi(
        policy,
        f"{api_url or API_URL}/{quote(found.owner, safe='')}",
        headers=(("Authorization", f"Basic {pair}"),),
        name=NAME,
    )
    project, name = quote(found.project, safe=""), quote(found.name, safe="")
    return AzurePullRequests(
        api,
        path=f"/{project}/_apis/git/repositories",
        repository=name,
        web_url=f"{API_URL}/{found.owner}/{project}/_git/{name}",
    )


@dataclass(frozen=True, slots=True)
class AzurePullRequests:
    """:class:`~promotions.ports.scm.PullRequests` of one repository.

    Attributes:
        path: Of the project's repositories.
        repository: Its name, quoted.
        web_url: Its page, for answers that do not tell it.
    """

    api: JsonApi
    path: str
    repository: str
    web_url: str
    sleep: Callable[[float], None] = time.sleep

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a pull request."""
        repository = self._called("GET", f"{self.path}/{self.repository}").body
        repository_id = as_text(as_object(repository).get("id"))
        if not repository_id:
            raise senseless(NAME)
        body: JSONObject = {
            "title": request.title,
            "description": request.description,
            "sourceRefName": f"{_BRANCHES}{request.source}",
            "targetRefName": f"{_BRANCHES}{request.target}",
            "labels": [{"name": label} for label in request.labels],
        }
        path = f"{self.path}/{quote(repository_id, safe='')}/pullrequests"
        return self._listed(self._called("POST", path, body=body).body).request

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Do nothing: labels come with the opening."""

    def get(self, number: int) -> PullRequest:
        """Return a pull request."""
        return self._request(self._read(number))

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match; Azure DevOps looks at the branches, we at the rest."""
        params = [("searchCriteria.status", _STATES[query.state])]
        if query.source:
            params.append(("searchCriteria.sourceRefName", f"{_BRANCHES}{query.source}"))
        if query.target:
            params.append(("searchCriteria.targetRefName", f"{_BRANCHES}{query.target}"))
        return tuple(matching(map(self._listed, self._pages(params)), query))

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Complete it, if Azure DevOps has found that the branches can be merged."""
        read = self._read(number)
        found = self._request(read)
        if found.is_merged:
            return found
        if read.get("status") == "abandoned":
            raise ScmRefusedError(f"pull request {number} is abandoned", retryable=False)
        known_method(method, METHODS)
        is_ready = found.is_open and read.get("mergeStatus") == "succeeded"
        if not is_ready or read.get("isDraft") is True:
            return None
        body: JSONObject = {
            "status": "completed",
            "lastMergeSourceCommit": {"commitId": found.head_commit},
            **({"completionOptions": {"mergeStrategy": method}} if method else {}),
        }
        try:
            self._called("PATCH", self._path(number), body=body)
        except (ScmRefusedError, ScmUnavailableError) as error:
            return merged_all_the_same(error, lambda: self.get(number))
        return self._completed(number)

    def _completed(self, number: int) -> PullRequest | None:
        """Return the pull request once it is completed, or ``None`` if that takes too long."""
        for look in range(LOOKS):
            if look:
                self.sleep(1)
            found = self.get(number)
            if found.is_merged:
                return found
        return None

    def _path(self, number: int) -> str:
        return f"{self.path}/{self.repository}/pullrequests/{number}"

    def _read(self, number: int) -> JSONObject:
        return as_object(self._called("GET", self._path(number)).body)

    def _pages(self, params: Sequence[tuple[str, str]]) -> Iterator[JSONValue]:
        for page in range(LIST_PAGES):
            paging = (("$top", str(_PAGE_SIZE)), ("$skip", str(page * _PAGE_SIZE)))
            answer = self._called(
                "GET", f"{self.path}/{self.repository}/pullrequests", params=(*params, *paging)
            )
            found = list_in(as_object(answer.body).get("value"), name=NAME)
            yield from found
            if len(found) < _PAGE_SIZE:
                return

    def _called(
        self,
        method: str,
        path: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        body: JSONValue = None,
    ) -> Answer:
        try:
            return self.api.call(method, path, params=(*params, _VERSION), body=body)
        except ScmError as error:
            if error.status not in _SIGN_IN:
                raise
            raise ScmAuthenticationError(
                f"{NAME} wants to sign in; check that the token is valid and not expired.",
                retryable=False,
                status=error.status,
            ) from error

    def _request(self, value: JSONValue) -> PullRequest:
        """Return a pull request whose head is known.

        Raises:
            ScmRefusedError: It is not.
        """
        found = self._listed(value).request
        if not found.head_commit:
            raise ScmRefusedError(
                f"no last merge source commit found for pull request {found.number}",
                retryable=False,
            )
        return found

    def _listed(self, value: JSONValue) -> Listed:
        found = object_in(value, name=NAME)
        number = number_in(found.get("pullRequestId"), name=NAME)
        head = as_text(as_object(found.get("lastMergeSourceCommit")).get("commitId"))
        state = pull_request_state(GitProvider.AZURE, as_text(found.get("status")))
        web_url = as_text(as_object(found.get("repository")).get("webUrl")) or self.web_url
        merged = as_text(as_object(found.get("lastMergeCommit")).get("commitId"))
        request = PullRequest(
            number=number,
            url=azure_pull_request_url(web_url, number=number),
            is_open=state.is_open,
            is_merged=state.is_merged,
            merge_commit=merged if state.is_merged else "",
            head_commit=head,
            created_at=time_in(found.get("creationDate")),
        )
        return Listed(
            request,
            source=as_text(found.get("sourceRefName")).removeprefix(_BRANCHES),
            target=as_text(found.get("targetRefName")).removeprefix(_BRANCHES),
            is_fork=bool(as_object(found.get("forkSource"))),
        )

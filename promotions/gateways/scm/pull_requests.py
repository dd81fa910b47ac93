"""What do the providers' pull requests have in common: reading, matching, refusing, confirming?"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.scm.pull_requests import same_commit
from promotions.ports.scm import (
    PullRequest,
    PullRequestFilter,
    PullRequestQuery,
    RepositoryAccess,
    ScmError,
    ScmRefusedError,
    ScmUnavailableError,
)

LIST_PAGES = 10
"""How many pages of a list that only we filter are looked through, the newest first."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A pull request with what a query looks at.

    Attributes:
        source: Short name of its branch.
        target: Short name of the branch that it shall go to.
        is_fork: Its branch is in another repository, so the name says nothing.
    """

    request: PullRequest
    source: str
    target: str
    is_fork: bool = False


def token_of(access: RepositoryAccess) -> str:
    """Return the token to show, or nothing for anonymous access."""
    return access.credential.password.strip() if access.credential else ""


def matching(found: Iterable[Listed], query: PullRequestQuery) -> Iterator[PullRequest]:
    """Yield those that the query means; a pull request from a fork is never meant."""
    return (it.request for it in found if not it.is_fork and _fits(it, query))


def open_pull_request(request: PullRequest) -> None:
    """Refuse to merge what is closed.

    Raises:
        ScmRefusedError: It is closed and was not merged.
    """
    if not request.is_open:
        raise ScmRefusedError(
            f"pull request {request.number} is closed but not merged", retryable=False
        )


def known_method(method: str, known: Collection[str]) -> str:
    """Return the merge method.

    Raises:
        InvalidError: The provider has none of this name.
    """
    if method and method not in known:
        raise InvalidError(
            f'unsupported merge method "{method}"; it should be one of {", ".join(sorted(known))}'
        )
    return method


def merged_all_the_same(error: ScmError, look: Callable[[], PullRequest]) -> PullRequest:
    """Return the pull request, if it is merged although asking for it went wrong.

    The answer may have been lost on its way, or somebody else may have been quicker.

    Raises:
        ScmError: ``error``, if it is not merged.
    """
    found = look()
    if not found.is_merged:
        raise error
    return found


def object_in(value: JSONValue, *, name: str) -> JSONObject:
    """Return an object that a provider must have sent.

    Raises:
        ScmUnavailableError: It is none.
    """
    found = as_object(value)
    if not found:
        raise senseless(name)
    return found


def list_in(value: JSONValue, *, name: str) -> Sequence[JSONValue]:
    """Return a list that a provider must have sent.

    Raises:
        ScmUnavailableError: It is none; a list taken for empty would lead to a second request.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise senseless(name)
    return value


def number_in(value: JSONValue, *, name: str) -> int:
    """Return a pull request's number.

    Raises:
        ScmUnavailableError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise senseless(name)
    return value


def time_in(value: JSONValue) -> datetime | None:
    """Return a time, or ``None`` if there is none or it cannot be read."""
    try:
        read = datetime.fromisoformat(as_text(value))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def senseless(name: str) -> ScmUnavailableError:
    """Return the error for an answer that is JSON and yet no pull request."""
    return ScmUnavailableError(
        f"{name} sent something that makes no sense as a pull request;"
        " check that the address is that of its API.",
        retryable=True,
    )


def _fits(found: Listed, query: PullRequestQuery) -> bool:
    is_open = found.request.is_open
    states = {
        PullRequestFilter.ANY: True,
        PullRequestFilter.OPEN: is_open,
        PullRequestFilter.CLOSED: not is_open,
    }
    return (
        states[query.state]
        and query.source in {"", found.source}
        and query.target in {"", found.target}
        and (not query.head_commit or same_commit(found.request.head_commit, query.head_commit))
    )

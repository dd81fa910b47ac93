"""What steps may ask of the service that hosts a Git repository.

Errors::

    InvalidError                        the address, the method or a label cannot be so here
    ScmError (AnsweredError)            the provider did not do it; see ``retryable``
    ├── ScmNotFoundError                404: it is not there, or not for this token
    ├── ScmAuthenticationError          401, 403: the token was refused
    ├── ScmRefusedError                 another 4xx: the provider will not, in its own words
    ├── ScmLimitError                   too many requests; retryable
    └── ScmUnavailableError             no answer, 5xx, or no sense in the answer
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from promotions.engine.scm.providers import GitProvider
from promotions.ports.answered_errors import AnsweredError
from promotions.ports.credentials import Credential


class ScmError(AnsweredError):
    """The provider did not do what was asked."""

    code = "scm"


class ScmNotFoundError(ScmError):
    """It is not there, or this token may not see it."""

    code = "scm_not_found"


class ScmAuthenticationError(ScmError):
    """The token was refused, is missing, or lacks a right."""

    code = "scm_authentication"


class ScmRefusedError(ScmError):
    """The provider understood and will not."""

    code = "scm_refused"


class ScmLimitError(ScmError):
    """Too many requests; the provider asks to wait."""

    code = "scm_limit"


class ScmUnavailableError(ScmError):
    """The provider did not answer, failed, or made no sense."""

    code = "scm_unavailable"


class PullRequestFilter(StrEnum):
    """Which pull requests to list."""

    ANY = "Any"
    CLOSED = "Closed"
    OPEN = "Open"


@dataclass(frozen=True, slots=True)
class RepositoryAccess:
    """A repository at its provider, and how to be let in.

    Attributes:
        url: As the user wrote it.
        provider: ``None`` to tell from the host.
        credential: Its password is the token; ``None`` is anonymous.
    """

    url: str
    provider: GitProvider | None = None
    credential: Credential | None = field(default=None, repr=False)
    insecure_skip_tls_verify: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or merge request, as the provider shows it.

    Attributes:
        merge_commit: Full id of what it was merged as; empty unless it is merged.
        head_commit: Full or abbreviated id, as the provider gives it.
    """

    number: int
    url: str
    is_open: bool
    is_merged: bool
    merge_commit: str = ""
    head_commit: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewPullRequest:
    """What to open; ``source`` and ``target`` are short branch names."""

    title: str
    description: str
    source: str
    target: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PullRequestQuery:
    """Which pull requests to list; what is empty does not matter."""

    state: PullRequestFilter = PullRequestFilter.OPEN
    source: str = ""
    target: str = ""
    head_commit: str = ""


class PullRequests(Protocol):
    """The pull requests of one repository."""

    def create(self, request: NewPullRequest) -> PullRequest:
        """Open a pull request."""
        ...

    def label(self, number: int, labels: Sequence[str]) -> None:
        """Add labels that opening may have left out when it was interrupted."""
        ...

    def get(self, number: int) -> PullRequest:
        """Return a pull request."""
        ...

    def find(self, query: PullRequestQuery) -> Sequence[PullRequest]:
        """Return those that match, over all pages up to a bound, in the provider's order."""
        ...

    def merge(self, number: int, *, method: str = "") -> PullRequest | None:
        """Try once to merge, and return the merged request, or ``None`` if it is not ready yet.

        One that is merged already is returned as it is.

        Raises:
            ScmRefusedError: It is closed, conflicts, or may not be merged in this way.
        """
        ...


class ScmProviders(Protocol):
    """Opens repositories at their providers."""

    def pull_requests(self, access: RepositoryAccess) -> PullRequests:
        """Return the pull requests of a repository; nothing is sent yet.

        Raises:
            InvalidError: No provider is known for the host, or the address is none of its own.
        """
        ...

"""What the platform asks of Git: reading remote repositories; and the errors of all of Git.

Errors::

    InvalidError
    ├── RefusedURLError         the address is malformed or not allowed here
    └── RefusedRefError         the branch, tag or commit cannot be a Git name
    UpstreamError
    └── GitError
        ├── RepositoryNotFoundError   it is not there, or not for these credentials
        ├── RefNotFoundError          the branch, tag or commit is not in it
        ├── AuthenticationError       the credentials were refused, or are missing
        ├── HostUnreachableError      no answer, a wrong one, a broken connection
        │   └── UntrustedHostError    its certificate is not trusted
        ├── HostPausedError           the host asked for less, or failed; it is left alone a while
        ├── RepositoryRefusedError    it is too large, or of a kind that cannot be read here
        ├── GitTimeoutError           it took longer than allowed
        ├── DiskFullError             this host has no space left
        ├── CorruptRepositoryError    a local repository is damaged
        ├── WorkTreeError             the path is not usable as a work tree
        ├── PushRejectedError         the remote refused the push
        └── IntegrationError          remote changes cannot be taken in without a person
            └── MergeConflictError
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from common.errors import InvalidError, UpstreamError
from promotions.ports.credentials import Credential


class RefusedURLError(InvalidError):
    """The repository's address is malformed, or of a kind that is not allowed here."""

    code = "git_url_refused"


class RefusedRefError(InvalidError):
    """A branch, tag or commit that Git could not have."""

    code = "git_ref_refused"


class GitError(UpstreamError):
    """Git did not do what was asked."""

    code = "git"

    def __init__(self, message: str, *, retryable: bool = True, code: str | None = None) -> None:
        super().__init__(message, retryable=retryable, code=code)


class RepositoryNotFoundError(GitError):
    """The repository is not there, or these credentials may not see it."""

    code = "git_repository_not_found"


class RefNotFoundError(GitError):
    """The repository has no such branch, tag or commit."""

    code = "git_ref_not_found"


class AuthenticationError(GitError):
    """The credentials were refused, or there are none and the host wants some."""

    code = "git_authentication"


class HostUnreachableError(GitError):
    """The host did not answer, or not as Git hosts do, or broke off."""

    code = "git_unreachable"


class UntrustedHostError(HostUnreachableError):
    """The host's certificate is not trusted."""

    code = "git_untrusted_host"


class HostPausedError(GitError):
    """The host asked for fewer requests, or keeps failing: it is left alone ``until`` then."""

    code = "git_host_paused"

    def __init__(self, message: str, *, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class RepositoryRefusedError(GitError):
    """The repository is larger than allowed, or of a kind that cannot be read here."""

    code = "git_repository_refused"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class GitTimeoutError(GitError):
    """The operation took longer than it may."""

    code = "git_timeout"


class DiskFullError(GitError):
    """There is no space left on this host."""

    code = "git_disk_full"


class CorruptRepositoryError(GitError):
    """A local repository is damaged."""

    code = "git_corrupt"


class WorkTreeError(GitError):
    """The path is not a work tree of this promotion, or cannot become one."""

    code = "git_work_tree"


class PushRejectedError(GitError):
    """The remote refused the push."""

    code = "git_push_rejected"


class IntegrationError(GitError):
    """Remote changes cannot be integrated without a person."""

    code = "git_integration"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class MergeConflictError(IntegrationError):
    """Local and remote changes touch the same lines."""

    code = "git_merge_conflict"


class IntegrationPolicy(StrEnum):
    """How remote changes are taken in before a push (``GIT_PUSH_INTEGRATION_POLICY``)."""

    ALWAYS_REBASE = "AlwaysRebase"
    REBASE_OR_MERGE = "RebaseOrMerge"
    REBASE_OR_FAIL = "RebaseOrFail"
    ALWAYS_MERGE = "AlwaysMerge"


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote repository, and how to be let in.

    Attributes:
        credential: ``None`` for anonymous access.
        tenant_uid: Whose credential it is; tenants never share what was read with one.
        credential_name: Stable name of a credential whose secret rotates, such as a GitHub App's
            installation token; empty if the secret itself may identify it.
    """

    url: str
    credential: Credential | None = field(default=None, repr=False)
    insecure_skip_tls_verify: bool = False
    tenant_uid: str = ""
    credential_name: str = ""


@dataclass(frozen=True, slots=True)
class RefListing:
    """The refs of a remote at one moment.

    Attributes:
        head: The default branch's short name; empty if the remote does not say.
        refs: Object id by full ref name, ``HEAD`` included, peeled entries left out.
    """

    head: str = ""
    refs: Mapping[str, str] = field(default_factory=dict)

    def branch(self, name: str) -> str:
        """Return the id of branch ``name`` (``HEAD`` if empty), or an empty string."""
        return self.refs.get(f"refs/heads/{name}" if name else "HEAD", "")

    def tags(self) -> Mapping[str, str]:
        """Return object id by short tag name."""
        prefix = "refs/tags/"
        return {
            name.removeprefix(prefix): value
            for name, value in self.refs.items()
            if name.startswith(prefix)
        }


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """One commit as discovery sees it.

    Attributes:
        author: ``Name <email>``, as the committer is.
        changed_paths: Against the first parent, renames as removal and addition; empty unless
            asked for.
    """

    id: str
    subject: str
    message: str
    author: str
    committer: str
    committed_at: datetime
    changed_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TagRecord:
    """One tag, with the commit it comes down to.

    Attributes:
        id: The commit's id.
        created_at: The tagger's date, or the commit's if the tag is not annotated.
        tagger: ``Name <email>``; empty if the tag is not annotated.
        annotation: The tag's own message.
    """

    tag: str
    id: str
    subject: str
    author: str
    committer: str
    created_at: datetime
    tagger: str = ""
    annotation: str = ""


class GitRepositories(Protocol):
    """Reads of remote repositories, through a cache that fetches as little as it can."""

    def list_refs(self, remote: Remote, *, max_age: timedelta = timedelta(0)) -> RefListing:
        """Return the remote's refs, at most ``max_age`` older than this call."""
        ...

    def walk(
        self,
        remote: Remote,
        *,
        branch: str = "",
        since: str = "",
        with_paths: bool = False,
        at: str = "",
    ) -> Iterator[CommitRecord]:
        """Yield a branch's first-parent history, newest first, as of its first item.

        Args:
            remote: The repository.
            branch: Short name; empty for the default branch.
            since: Only commits after this date, in any form that ``git log --since`` reads.
            with_paths: Whether to fill ``changed_paths``.
            at: The commit that :meth:`list_refs` gave for the branch; if the cache is there
                already, nothing is fetched.

        Raises:
            RefNotFoundError: There is no such branch.
        """
        ...

    def tags(self, remote: Remote) -> tuple[TagRecord, ...]:
        """Return the tags that point at commits, newest first by creation."""
        ...

    def changed_paths(
        self, remote: Remote, commits: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return what each commit changed against its first parent, by commit id."""
        ...

    def commit_message(self, remote: Remote, commit: str) -> str:
        """Return a commit's whole message, fetching the commit if it is not here.

        Raises:
            RefNotFoundError: The remote has no such commit.
        """
        ...

    def same_content(self, remote: Remote, one: str, other: str) -> bool:
        """Return whether two commits hold the same files, fetching what is not here."""
        ...

"""What the GitHub steps ask of GitHub beyond pull requests.

Everything here raises :class:`~promotions.ports.scm.ScmError` and ``InvalidError``, as
:mod:`promotions.ports.scm` explains.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from common.jsontypes import JSONObject
from promotions.ports.scm import RepositoryAccess


@dataclass(frozen=True, slots=True)
class CommitPerson:
    """Who made a commit, and when, as RFC 3339."""

    name: str
    email: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class ComparedCommit:
    """One commit of a comparison; ``tree`` is empty if GitHub does not tell."""

    id: str
    tree: str
    message: str
    parents: tuple[str, ...]
    author: CommitPerson | None = None
    committer: CommitPerson | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a head stands to a base.

    Attributes:
        status: ``identical``, ``ahead``, ``behind`` or ``diverged``.
        base: The commit that the head is compared with.
        total: How many commits the head has and the base has not.
        commits: Those commits, the oldest first; fewer than ``total`` if they are too many.
    """

    status: str
    merge_base: str
    base: ComparedCommit | None = None
    total: int = 0
    commits: tuple[ComparedCommit, ...] = ()


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit to create; without author and committer GitHub takes the caller and may sign."""

    tree: str
    message: str
    parents: tuple[str, ...]
    author: CommitPerson | None = None
    committer: CommitPerson | None = None


class GitHubCommits(Protocol):
    """The commits and refs of one repository; refs are named without ``refs/``."""

    def ref(self, name: str) -> str:
        """Return the commit that ``heads/<branch>`` is at; empty if there is no such ref."""
        ...

    def default_branch(self) -> str:
        """Return the short name of the default branch."""
        ...

    def compare(self, base: str, head: str, *, limit: int) -> Comparison:
        """Return how two commits stand, with at most ``limit`` of the commits between them."""
        ...

    def create_commit(self, commit: NewCommit) -> str:
        """Create a commit that no ref has yet, and return its id."""
        ...

    def create_ref(self, name: str, commit: str) -> bool:
        """Create a ref, and tell whether there was none of that name."""
        ...

    def update_ref(self, name: str, commit: str, *, force: bool) -> bool:
        """Move a ref, and tell whether that was a fast-forward or forced."""
        ...

    def turn(self, branch: str) -> AbstractContextManager[None]:
        """Wait until nobody else on this host pushes to ``branch`` in this way."""
        ...


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or a pull request as an issue; labels and assignees are plain names."""

    number: int
    title: str
    body: str
    state: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    url: str


@dataclass(frozen=True, slots=True)
class NewIssue:
    """What to open."""

    title: str
    body: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueComment:
    """A comment on an issue or pull request."""

    id: int
    url: str


class GitHubIssues(Protocol):
    """The issues of one repository."""

    def get(self, number: int) -> Issue:
        """Return an issue or pull request."""
        ...

    def search(self, query: str) -> tuple[Issue, ...]:
        """Return the first thirty of this repository that match; new ones may be missing yet."""
        ...

    def find_marked(self, mark: str) -> Issue | None:
        """Return the newest issue with ``mark`` in its body, among the last few hundred."""
        ...

    def create(self, issue: NewIssue) -> Issue:
        """Open an issue."""
        ...

    def update(self, number: int, changes: JSONObject) -> None:
        """Set what ``changes`` names: ``title``, ``body``, ``state``, ``labels``, ``assignees``."""
        ...

    def find_marked_comment(self, number: int, mark: str) -> IssueComment | None:
        """Return the first comment of an issue with ``mark`` in its body."""
        ...

    def add_comment(self, number: int, body: str) -> IssueComment:
        """Comment on an issue or pull request."""
        ...

    def update_comment(self, comment: int, body: str) -> IssueComment:
        """Replace the text of a comment."""
        ...

    def delete_comment(self, comment: int) -> None:
        """Delete a comment."""
        ...


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow; ``conclusion`` is empty until ``status`` is ``completed``."""

    id: int
    status: str
    conclusion: str = ""


class GitHubWorkflows(Protocol):
    """The GitHub Actions workflows of one repository."""

    def dispatched(self, file: str, *, ref: str) -> Sequence[int]:
        """Return the newest runs of a workflow that this caller dispatched on ``ref``."""
        ...

    def dispatch(self, file: str, *, ref: str, inputs: Mapping[str, str]) -> int:
        """Start a workflow and return its run, or 0 if GitHub does not say which it is."""
        ...

    def run(self, run: int) -> WorkflowRun:
        """Return how a run stands."""
        ...


class GitHub(Protocol):
    """Opens repositories at GitHub; nothing is sent until they are asked something."""

    def commits(self, access: RepositoryAccess) -> GitHubCommits:
        """Return a repository's commits."""
        ...

    def issues(self, access: RepositoryAccess) -> GitHubIssues:
        """Return a repository's issues."""
        ...

    def workflows(self, access: RepositoryAccess) -> GitHubWorkflows:
        """Return a repository's workflows."""
        ...

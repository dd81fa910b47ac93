"""What promotion steps ask of Git: clones and work trees in a promotion's work directory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import Remote


@dataclass(frozen=True, slots=True)
class Checkout:
    """One work tree to make; at most one of ``branch``, ``commit`` and ``tag`` is set.

    Attributes:
        path: Absolute path, inside the work directory.
        create: Whether to make and push an empty ``branch`` if there is none.
        sparse: Directories to check out, from the repository's root; empty for everything.
    """

    path: str
    branch: str = ""
    commit: str = ""
    tag: str = ""
    create: bool = False
    sparse: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CloneRequest:
    """A clone with its work trees.

    Attributes:
        owner: Names this clone in the work directory; a second clone of the same owner replaces
            the first.
    """

    remote: Remote
    workdir: str
    owner: str
    checkouts: tuple[Checkout, ...]
    identity: GitIdentity
    recurse_submodules: bool = False


@dataclass(frozen=True, slots=True)
class Committed:
    """``commit`` is HEAD's id; ``created`` tells whether it is new."""

    commit: str
    created: bool


@dataclass(frozen=True, slots=True)
class PushRequest:
    """What to push, and where.

    Attributes:
        branch: Target branch or full ref; empty for the branch that is checked out.
        tag: A tag to push instead of a branch.
        max_attempts: How often to try while others move the branch.
    """

    workdir: str
    path: str
    remote: Remote
    branch: str = ""
    tag: str = ""
    force: bool = False
    max_attempts: int = 10


@dataclass(frozen=True, slots=True)
class Pushed:
    """HEAD after the push, and the branch it went to."""

    commit: str
    branch: str


@dataclass(frozen=True, slots=True)
class TagRequest:
    """An annotated tag to make on HEAD; ``force`` moves one that is there."""

    workdir: str
    path: str
    tag: str
    message: str
    force: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """Who made a commit, and whether GPG vouches for it.

    Attributes:
        state: Git's letter: ``G`` is trusted, ``N`` unsigned, anything else untrusted.
        signer: ``Name <email>``; empty unless the state is ``G``.
        author: ``Name <email>``.
    """

    state: str
    signer: str
    author: str


@dataclass(frozen=True, slots=True)
class TreeChanges:
    """What a promotion changed in one work tree since it was checked out, committed or not.

    Attributes:
        path: Of the work tree, relative to the work directory.
        url: Of the repository, as it was written.
        branch: That is checked out; empty if HEAD is detached.
        base: The commit that was checked out.
        files: Changed paths, relative to the work tree, sorted.
        patch: Unified diff, cut at ``limit`` bytes; binary files only by name.
        truncated: Whether it was cut.
    """

    path: str
    url: str
    branch: str
    base: str
    files: tuple[str, ...]
    patch: str
    truncated: bool = False


class Workspaces(Protocol):
    """Clones and work trees inside a promotion's work directory.

    ``path`` is always absolute, and in or below a work tree that :meth:`clone` made.
    """

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        """Make the work trees and return their commit ids, in the order asked for."""
        ...

    def original_url(self, *, workdir: str, path: str) -> str:
        """Return the URL that the work tree was cloned from, as it was written."""
        ...

    def head(self, *, workdir: str, path: str) -> Pushed:
        """Return HEAD's commit and the branch that is checked out, empty if HEAD is detached."""
        ...

    def clear(self, *, workdir: str, path: str) -> None:
        """Remove all that is not ignored at and below ``path``."""
        ...

    def commit(
        self, *, workdir: str, path: str, message: str, author: GitIdentity | None = None
    ) -> Committed:
        """Commit all changes at and below ``path``, if there are any."""
        ...

    def push(self, request: PushRequest) -> Pushed:
        """Push HEAD, taking in what others pushed meanwhile.

        Raises:
            IntegrationError: That needs a person; the work tree is as it was before.
            PushRejectedError: The remote refuses, or the branch keeps moving.
        """
        ...

    def tag(self, request: TagRequest) -> str:
        """Make the tag and return HEAD's id; the same tag on the same commit is a success.

        Raises:
            ConflictError: The tag is there, on something else, and ``force`` is not set.
        """
        ...

    def integrate(self, request: PushRequest) -> Pushed:
        """Take in what others pushed to the target branch, as :meth:`push` would, and stop there.

        A target branch that does not exist leaves everything as it is.
        """
        ...

    def signatures(
        self, *, workdir: str, path: str, commits: Sequence[str]
    ) -> Mapping[str, Signature]:
        """Return the author and signature of each commit that the work tree has."""
        ...

    def adopt(self, request: PushRequest) -> Pushed:
        """Make the work tree exactly what the remote's target branch is now."""
        ...

    def delete_ref(self, request: PushRequest) -> None:
        """Delete the full ref ``request.branch`` on the remote; a missing one is a success."""
        ...

    def changes(self, *, workdir: str, limit: int) -> tuple[TreeChanges, ...]:
        """Return the changes in every work tree of the promotion, in the order of their paths."""
        ...

    def base_files(self, *, workdir: str, path: str, target: str, only: Sequence[str] = ()) -> None:
        """Write the files of the commit that was checked out at ``path`` to folder ``target``.

        Only files that a checkout would write; ``target`` is absolute and does not exist yet.

        Args:
            workdir: The promotion's work directory.
            path: Of the work tree, absolute.
            target: The folder to make.
            only: Paths relative to the work tree's root, files or folders; empty for everything.
                One that was not there is passed over.
        """
        ...

    def release(self, *, workdir: str) -> None:
        """Take back what the work directory has on loan; it is about to be removed.

        Never fails: what cannot be taken back is thrown away.
        """
        ...

"""Answers discovery's questions about remote repositories from their mirrors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from promotions.gateways.git import history
from promotions.gateways.git.mirror import Mirror, MirrorCache
from promotions.gateways.git.validation import check_ref_name, is_commit_id
from promotions.ports.git import (
    CommitRecord,
    CorruptRepositoryError,
    RefListing,
    RefNotFoundError,
    RefusedRefError,
    Remote,
    TagRecord,
)

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class MirroredRepositories:
    """:class:`~promotions.ports.git.GitRepositories` over the mirrors of this host."""

    mirrors: MirrorCache

    def list_refs(self, remote: Remote, *, max_age: timedelta = timedelta(0)) -> RefListing:
        """Return the remote's refs, at most ``max_age`` older than this call."""
        return self.mirrors.mirror(remote).listing(max_age=max_age)

    def walk(
        self,
        remote: Remote,
        *,
        branch: str = "",
        since: str = "",
        with_paths: bool = False,
        at: str = "",
    ) -> Iterator[CommitRecord]:
        """Yield a branch's first-parent history, newest first, as of its first item."""
        mirror = self.mirrors.mirror(remote)
        name = check_ref_name(branch) if branch else _default_branch(mirror)
        arguments = [*history.LOG]
        arguments += [f"--since={since}"] if since else []
        arguments += ["--name-only"] if with_paths else []
        with mirror.held():
            if at and _is_at(mirror, name, at):
                mirror.prove_access()
            else:
                mirror.fetch()
            start = _head(mirror, name)
            seen = 0
            try:
                for record in _log(mirror, start, arguments):
                    seen += 1
                    yield record
            except CorruptRepositoryError:
                mirror.discard()
            else:
                return
            mirror.fetch()
            yield from islice(_log(mirror, start, arguments), seen, None)

    def tags(self, remote: Remote) -> tuple[TagRecord, ...]:
        """Return the tags that point at commits, newest first by creation."""
        mirror = self.mirrors.mirror(remote)
        with mirror.held():
            mirror.fetch()
            text = _healed(mirror, lambda: mirror.runner.run(history.TAGS, mirror.call()))
        return history.tags(text)

    def changed_paths(
        self, remote: Remote, commits: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """Return what each commit changed against its first parent, by commit id.

        The commits are looked up in the mirror as it is; walk, or list the tags, before.
        """
        mirror = self.mirrors.mirror(remote)
        if not all(is_commit_id(commit) for commit in commits):
            raise RefusedRefError("Changed paths are looked up by full commit id.")
        if not commits:
            return {}
        mirror.prove_access()
        arguments = (*history.LOG, "--no-walk=unsorted", "--name-only", "--stdin")
        stdin = "\n".join(commits).encode()
        text = _healed(mirror, lambda: mirror.runner.run(arguments, mirror.call(), stdin=stdin))
        found = history.commits([text.encode()])
        return {record.id: record.changed_paths for record in found}

    def commit_message(self, remote: Remote, commit: str) -> str:
        """Return a commit's whole message, fetching the commit if it is not here.

        Raises:
            RefNotFoundError: The remote has no such commit.
        """
        (header,) = self._headers(remote, [commit])
        return header.message

    def same_content(self, remote: Remote, one: str, other: str) -> bool:
        """Return whether two commits hold the same files, fetching what is not here.

        Raises:
            RefNotFoundError: The remote has no such commit.
        """
        if one == other:
            return True
        first, second = self._headers(remote, [one, other])
        return first.tree == second.tree

    def _headers(self, remote: Remote, wanted: Sequence[str]) -> list[history.CommitHeader]:
        if not all(is_commit_id(commit) for commit in wanted):
            raise RefusedRefError("Commits are looked up by full commit id.")
        mirror = self.mirrors.mirror(remote)
        mirror.prove_access()
        with mirror.held():
            found = _healed(mirror, lambda: self._known(mirror, wanted))
            if len(found) < len(set(wanted)):
                mirror.fetch()
                found = self._known(mirror, wanted)
            for commit in wanted:
                if commit not in found:
                    mirror.fetch_commit(commit)
                    found = self._known(mirror, wanted)
        if len(found) < len(set(wanted)):
            raise RefNotFoundError("The repository has no such commit.")
        return [found[commit] for commit in wanted]

    def _known(self, mirror: Mirror, wanted: Sequence[str]) -> dict[str, history.CommitHeader]:
        if not mirror.is_made:
            return {}
        stdin = "\n".join(wanted).encode()
        text = mirror.runner.run((*history.HEADERS, "--stdin"), mirror.call(), stdin=stdin)
        return {header.id: header for header in history.headers(text)}


def _healed(mirror: Mirror, read: Callable[[], _Read]) -> _Read:
    """Return what ``read`` reads from the mirror, which is made anew if it is damaged."""
    with mirror.held():
        try:
            return read()
        except CorruptRepositoryError:
            mirror.discard()
            mirror.fetch()
            return read()


def _is_at(mirror: Mirror, branch: str, commit: str) -> bool:
    with suppress(CorruptRepositoryError):
        return mirror.branch(branch) == commit
    return False


def _head(mirror: Mirror, branch: str) -> str:
    start = mirror.branch(branch)
    if not start:
        raise RefNotFoundError(f'The repository has no branch "{branch}".')
    return start


def _log(mirror: Mirror, start: str, arguments: Sequence[str]) -> Iterator[CommitRecord]:
    command = (*arguments, "--end-of-options", start)
    return history.commits(mirror.runner.stream(command, mirror.call()))


def _default_branch(mirror: Mirror) -> str:
    head = mirror.listing().head
    if not head:
        raise RefNotFoundError("The repository is empty, or has no default branch.")
    return head

"""Answers discovery's questions about remote repositories from their mirrors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

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
        if not at or mirror.branch(name) != at:
            mirror.fetch()
        try:
            yield from self._log(mirror, name, arguments, fresh_only=True)
        except _DamagedAtStartError:
            mirror.discard()
            mirror.fetch()
            yield from self._log(mirror, name, arguments, fresh_only=False)

    def tags(self, remote: Remote) -> tuple[TagRecord, ...]:
        """Return the tags that point at commits, newest first by creation."""
        mirror = self.mirrors.mirror(remote)
        mirror.fetch()
        try:
            text = mirror.runner.run(history.TAGS, mirror.call())
        except CorruptRepositoryError:
            mirror.discard()
            mirror.fetch()
            text = mirror.runner.run(history.TAGS, mirror.call())
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
        arguments = (*history.LOG, "--no-walk=unsorted", "--name-only", "--stdin")
        text = mirror.runner.run(arguments, mirror.call(), stdin="\n".join(commits).encode())
        found = history.commits([text.encode()])
        return {record.id: record.changed_paths for record in found}

    def _log(
        self, mirror: Mirror, branch: str, arguments: Sequence[str], *, fresh_only: bool
    ) -> Iterator[CommitRecord]:
        start = mirror.branch(branch)
        if not start:
            raise RefNotFoundError(f'The repository has no branch "{branch}".')
        seen = 0
        chunks = mirror.runner.stream((*arguments, "--end-of-options", start), mirror.call())
        try:
            for record in history.commits(chunks):
                seen += 1
                yield record
        except CorruptRepositoryError as error:
            if fresh_only and not seen:
                raise _DamagedAtStartError from error
            raise


class _DamagedAtStartError(Exception):
    """The mirror is damaged, and nothing has been read from it yet."""


def _default_branch(mirror: Mirror) -> str:
    head = mirror.listing().head
    if not head:
        raise RefNotFoundError("The repository is empty, or has no default branch.")
    return head

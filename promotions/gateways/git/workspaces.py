"""Clones, clears, commits and pushes in a promotion's work directory."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from promotions.gateways.git.changes import read_changes, write_base_files
from promotions.gateways.git.cloning import Cloner
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.mirror import MirrorCache
from promotions.gateways.git.pushing import Pusher
from promotions.gateways.git.runner import Call, GitFailedError, GitRunner
from promotions.gateways.git.signatures import SignatureReader
from promotions.gateways.git.signing import Keyring, throwaway_keyring
from promotions.gateways.git.submodules import clear_submodules
from promotions.gateways.git.tagging import Tagger
from promotions.gateways.git.work_tree import WorkTree, locate, work_trees_in
from promotions.ports.control_plane import GitIdentity
from promotions.ports.git import CorruptRepositoryError, Remote
from promotions.ports.workspaces import (
    CloneRequest,
    Committed,
    Pushed,
    PushRequest,
    Signature,
    TagRequest,
    TreeChanges,
)

logger = logging.getLogger(__name__)

_NOTHING = ("nothing to commit", "nothing added to commit", "no changes added to commit")
_STAGE = ("add", "--sparse", "--", ".")
_COMMIT = ("commit", "--quiet", "--no-verify", "--untracked-files=no", "--file=-")


@dataclass(frozen=True, slots=True)
class MirroredWorkspaces:
    """:class:`~promotions.ports.git.Workspaces` that borrow from the mirrors of this host."""

    runner: GitRunner
    mirrors: MirrorCache
    pusher: Pusher

    def clone(self, request: CloneRequest) -> tuple[str, ...]:
        """Make the work trees and return their commit ids, in the order asked for."""
        return Cloner(self.runner, self.mirrors).clone(request)

    def original_url(self, *, workdir: str, path: str) -> str:
        """Return the URL that the work tree was cloned from, as it was written."""
        return self._locate(workdir, path).config()["kargo"]["repoOriginalURL"]

    def head(self, *, workdir: str, path: str) -> Pushed:
        """Return HEAD's commit and the branch that is checked out, empty if HEAD is detached."""
        commit, branch = self._locate(workdir, path).head()
        return Pushed(commit=commit, branch=branch)

    def clear(self, *, workdir: str, path: str) -> None:
        """Remove all that is not ignored at and below ``path``."""
        tree = self._locate(workdir, path)
        with _storage_watched():
            tree.unlock()
            clear_submodules(tree, runner=self.runner)
            self.runner.run(_STAGE, tree.call())
            self.runner.run(
                ("rm", "-r", "-f", "--quiet", "--ignore-unmatch", "--", "."), tree.call()
            )

    def commit(
        self, *, workdir: str, path: str, message: str, author: GitIdentity | None = None
    ) -> Committed:
        """Commit all changes at and below ``path``, if there are any."""
        tree = self._locate(workdir, path)
        with _storage_watched():
            tree.unlock()
            Keyring(self.runner, home=tree.home).recover()
            self.runner.run(_STAGE, tree.call())
            with self._identity(tree, author) as call:
                created = self._commit(call, message)
        return Committed(commit=tree.head()[0], created=created)

    def push(self, request: PushRequest) -> Pushed:
        """Push HEAD, taking in what others pushed meanwhile."""
        tree, remote = self._pushing(request)
        with _storage_watched():
            try:
                return self.pusher.push(tree, request, remote=remote)
            except CorruptRepositoryError:
                mirror = self.mirrors.mirror(remote)
                mirror.discard()
                mirror.fetch()
                return self.pusher.push(tree, request, remote=remote)

    def tag(self, request: TagRequest) -> str:
        """Make the tag and return HEAD's id; the same tag on the same commit is a success."""
        tree = self._locate(request.workdir, request.path)
        with _storage_watched():
            return Tagger(self.runner).tag(tree, request)

    def integrate(self, request: PushRequest) -> Pushed:
        """Take in what others pushed to the target branch, as a push would, and stop there."""
        tree, remote = self._pushing(request)
        with _storage_watched():
            return self.pusher.integrate(tree, request, remote=remote)

    def signatures(
        self, *, workdir: str, path: str, commits: Sequence[str]
    ) -> Mapping[str, Signature]:
        """Return the author and signature of each commit that the work tree has."""
        tree = self._locate(workdir, path)
        with _storage_watched():
            Keyring(self.runner, home=tree.home).recover()
            return SignatureReader(self.runner).read(tree, commits)

    def adopt(self, request: PushRequest) -> Pushed:
        """Make the work tree exactly what the remote's target branch is now."""
        tree, remote = self._pushing(request)
        with _storage_watched():
            return self.pusher.adopt(tree, request, remote=remote)

    def delete_ref(self, request: PushRequest) -> None:
        """Delete the full ref ``request.branch`` on the remote; a missing one is a success."""
        tree, remote = self._pushing(request)
        self.pusher.delete(tree, request.branch, remote=remote)

    def changes(self, *, workdir: str, limit: int) -> tuple[TreeChanges, ...]:
        """Return the changes in every work tree of the promotion, in the order of their paths."""
        base = Path(os.path.realpath(workdir))
        with _storage_watched():
            return tuple(
                read_changes(tree, runner=self.runner, workdir=base, limit=limit)
                for tree in work_trees_in(workdir, key=self.mirrors.secret())
            )

    def base_files(self, *, workdir: str, path: str, target: str, only: Sequence[str] = ()) -> None:
        """Write the files of the commit that was checked out at ``path`` to folder ``target``."""
        tree = self._locate(workdir, path)
        with _storage_watched():
            write_base_files(tree, runner=self.runner, target=Path(target), only=only)

    def release(self, *, workdir: str) -> None:
        """Take back what the work directory has on loan; it is about to be removed."""
        try:
            Cloner(self.runner, self.mirrors).warm_trees.release(Path(workdir))
        except OSError as error:
            logger.warning("work trees not taken back", extra={"reason": error.strerror})

    def _pushing(self, request: PushRequest) -> tuple[WorkTree, Remote]:
        """Return the work tree and the remote, checked, as the clone says to talk to it."""
        tree = self._locate(request.workdir, request.path)
        remote = self.mirrors.checked(request.remote)
        if tree.config().get("http", {}).get("sslVerify") == "false":
            remote = replace(remote, insecure_skip_tls_verify=True)
        return tree, remote

    def _commit(self, call: Call, message: str) -> bool:
        try:
            self.runner.attempt(_COMMIT, call, stdin=message.encode())
        except GitFailedError as failed:
            if failed.returncode == 1 and any(words in failed.stdout for words in _NOTHING):
                return False
            raise failed.error from None
        return True

    def _locate(self, workdir: str, path: str) -> WorkTree:
        return locate(path, workdir=workdir, key=self.mirrors.secret())

    @contextmanager
    def _identity(self, tree: WorkTree, author: GitIdentity | None) -> Iterator[Call]:
        """Yield a call that commits as ``author``, or as the clone says if there is none."""
        if author is None:
            yield tree.call()
            return
        env = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", author.name), ("EMAIL", author.email))
        }
        with throwaway_keyring(self.runner, parent=tree.home, identity=author) as (home, signing):
            unsigned = (("commit.gpgSign", "false"),)
            config = tuple(
                (f"{section}.{key}", value)
                for section, values in signing.items()
                for key, value in values.items()
            )
            yield replace(tree.call(env=env, config=config or unsigned), home=home)


@contextmanager
def _storage_watched() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise storage_failure(error) from error

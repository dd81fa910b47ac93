"""Clones, clears, commits and pushes in a promotion's work directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from promotions.gateways.git.cloning import Cloner
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.mirror import MirrorCache
from promotions.gateways.git.pushing import Pusher
from promotions.gateways.git.runner import Call, GitFailedError, GitRunner
from promotions.gateways.git.signing import Keyring, throwaway_keyring
from promotions.gateways.git.work_tree import WorkTree, locate
from promotions.ports.control_plane import GitIdentity
from promotions.ports.workspaces import CloneRequest, Committed, Pushed, PushRequest

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

    def clear(self, *, workdir: str, path: str) -> None:
        """Remove all that is not ignored at and below ``path``."""
        tree = self._locate(workdir, path)
        with _storage_watched():
            tree.unlock()
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
        tree = self._locate(request.workdir, request.path)
        config = tree.config()
        remote = self.mirrors.checked(request.remote)
        if config.get("http", {}).get("sslVerify") == "false":
            remote = replace(remote, insecure_skip_tls_verify=True)
        with _storage_watched():
            return self.pusher.push(tree, request, remote=remote)

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

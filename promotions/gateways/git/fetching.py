"""Makes the bare repository of a mirror, and fetches into it.

A repository is made aside and moved into place when it is whole, so nobody ever sees half of
one, and whoever reads a damaged one goes on reading until the new one is there. Whoever calls
this holds the mirror's lock, so what lies about is left from a killed process.
"""

import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.refs import read_refs, write_refs
from promotions.gateways.git.runner import Call, GitFailedError, GitRunner
from promotions.ports.git import Remote, RepositoryRefusedError

BRANCHES = "refs/remotes/origin/"
TAGS = "refs/tags/"
MAKING = "making.git"
REPLACED = "old-"

_HEADS = "refs/heads/"
_ALL = (f"+refs/heads/*:{BRANCHES}*", f"+{TAGS}*:{TAGS}*")
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n"
_CLONE = ("clone", "--quiet", "--bare", "--no-local", "--template=")
_FETCH = (
    "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
    "--no-recurse-submodules",
)  # fmt: skip
# Only whole packs: a killed process leaves no half of an object, and there are few files.
_IN_PACKS = (("fetch.unpackLimit", "1"),)
_SHA256 = re.compile(r"^\s*objectformat\s*=\s*sha256", re.IGNORECASE | re.MULTILINE)
_MANY_PACKS = 40
_MANY_LOOSE_REFS = 1_000
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches from ``remote`` into the repositories in ``folder``."""

    folder: Path
    remote: Remote
    runner: GitRunner

    def make(self, git_dir: Path) -> None:
        """Make the repository anew, and put it in the place of one that may be there.

        Raises:
            GitError: The remote cannot be fetched from; what was there is still there.
        """
        making = self.folder / MAKING
        try:
            self.tidy()
            # Unlike a fetch, a clone writes all refs into one file.
            command = (*_CLONE, "--end-of-options", self.remote.url, str(making))
            self.runner.run(command, self._elsewhere(making))
            self._check_size(making)
            _adapt(making)
            _replace(git_dir, making)
        except OSError as error:
            raise storage_failure(error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def renew(self, git_dir: Path) -> None:
        """Make branches and tags what they are at the remote now.

        Raises:
            GitError: The remote cannot be fetched from, or the repository is damaged.
        """
        self.fetch(git_dir, "--prune", *_ALL)
        self._gather(git_dir)

    def fetch(self, git_dir: Path, *wanted: str) -> None:
        """Fetch the refspecs in ``wanted``, which may begin with options.

        Raises:
            GitError: That failed.
        """
        options = tuple(text for text in wanted if text.startswith("--"))
        refspecs = tuple(text for text in wanted if not text.startswith("--"))
        arguments = (*_FETCH, *options, "--end-of-options", self.remote.url, *refspecs)
        call = self.call(git_dir, talking=True)
        try:
            self.runner.attempt(arguments, call)
            self._check_size(git_dir)
        except GitFailedError as failed:
            if not failed.met_lock:
                raise failed.error from None
            for path in git_dir.rglob("*.lock"):
                path.unlink(missing_ok=True)
            self.runner.run(arguments, call)
        finally:
            for path in (git_dir / "objects/pack").glob("tmp_*"):
                path.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed process left beside the repository."""
        for path in (self.folder / MAKING, *self.folder.glob(f"{REPLACED}*")):
            shutil.rmtree(path, ignore_errors=True)

    def call(self, git_dir: Path, *, talking: bool = False) -> Call:
        """Return the surroundings of a Git process in ``git_dir``."""
        return Call(
            cwd=self.folder,
            home=self.folder,
            remote=self.remote if talking else None,
            env={"GIT_DIR": str(git_dir)},
            config=_IN_PACKS,
            watch=partial(self._check_size, git_dir) if talking else None,
        )

    def _elsewhere(self, git_dir: Path) -> Call:
        """Return the surroundings of a process that makes ``git_dir``."""
        env = {"GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        return replace(self.call(git_dir, talking=True), env=env)

    def _check_size(self, git_dir: Path) -> None:
        """Refuse a repository whose packs, also one that is being received, take too much room.

        Raises:
            RepositoryRefusedError: They do.
        """
        most = self.runner.settings.cache.mirror_bytes
        size = 0
        for path in (git_dir / "objects/pack").glob("*"):
            with suppress(FileNotFoundError):  # it has just got its name
                size += path.stat().st_size
        if size > most:
            raise RepositoryRefusedError(
                f"The repository is larger than the {most // _MIB} MiB that are allowed here; "
                "an operator can raise KARGO_GIT_MIRROR_BYTES."
            )

    def _gather(self, git_dir: Path) -> None:
        """Put many small packs into few, and many loose refs into one file; nothing is lost."""
        packs = sum(1 for _ in (git_dir / "objects/pack").glob("*.pack"))
        if packs > _MANY_PACKS:
            self.runner.run(("repack", "--quiet", "-d", "--geometric=2"), self.call(git_dir))
        refs = (path for path in (git_dir / "refs").rglob("*") if path.is_file())
        if sum(1 for _ in refs) > _MANY_LOOSE_REFS:
            self.runner.run(("pack-refs", "--all"), self.call(git_dir))


def _adapt(git_dir: Path) -> None:
    """Make a bare clone a mirror: its branches are the remote's, and its configuration is ours.

    Raises:
        RepositoryRefusedError: Its objects have names of another kind than ours.
    """
    if _SHA256.search((git_dir / "config").read_text(errors="replace")):
        raise RepositoryRefusedError(
            "The repository names its objects by SHA-256, which is not supported here."
        )
    refs = read_refs(git_dir)
    shutil.rmtree(git_dir / "refs")
    for name in ("heads", "tags"):
        (git_dir / "refs" / name).mkdir(parents=True)
    moved = {
        f"{BRANCHES}{name.removeprefix(_HEADS)}" if name.startswith(_HEADS) else name: value
        for name, value in refs.items()
    }
    write_refs(git_dir, moved)
    (git_dir / "config").write_text(_CONFIG)
    (git_dir / "HEAD").write_text("ref: refs/heads/main\n")


def _replace(git_dir: Path, making: Path) -> None:
    old = git_dir.with_name(f"{REPLACED}{secrets.token_hex(4)}")
    try:
        git_dir.rename(old)
    except FileNotFoundError:
        making.rename(git_dir)
        return
    making.rename(git_dir)
    shutil.rmtree(old, ignore_errors=True)

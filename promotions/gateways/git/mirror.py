"""One bare mirror per repository, credential and host; everything else borrows its objects.

A mirror is a folder with ``repo.git``, the notes of :mod:`coalescing
<promotions.gateways.git.coalescing>`, their locks and a list of who borrows. Remote branches are
kept under ``refs/remotes/origin/``, tags under ``refs/tags/``. Nothing is ever collected as
garbage, since work trees borrow; old mirrors are removed whole, by :mod:`eviction
<promotions.gateways.git.eviction>`. Whoever uses a mirror holds a shared lock on its folder.
"""

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from common.locks import file_lock, shared_directory_lock
from promotions.engine.urls import normalise_git_url
from promotions.gateways.git.borrowers import Borrowers, lend
from promotions.gateways.git.coalescing import SharedCall
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.fetching import BRANCHES, TAGS, Fetcher
from promotions.gateways.git.owners import mark_owner
from promotions.gateways.git.refs import read_ref, read_refs
from promotions.gateways.git.runner import Call, GitRunner
from promotions.gateways.git.validation import check_url
from promotions.ports.credentials import Credential
from promotions.ports.git import CorruptRepositoryError, GitError, RefListing, Remote

__all__ = ["BRANCHES", "TAGS", "Mirror", "MirrorCache"]

logger = logging.getLogger(__name__)

MIRRORS = "mirrors"
REPOSITORY = "repo.git"
BORROWERS = "borrowers"
USED = "used"
_DAMAGED = "damaged"
_FETCHED = "fetch.json"
_LISTED = "refs.json"
_FETCH_LOCK = "fetch.lock"
_TRUSTED_FOR = timedelta(minutes=1)
_UNTIL_MOVED = timedelta(seconds=30)
_BETWEEN_REMAKES = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror of ``remote`` in ``folder``; ``remote.url`` has been checked."""

    folder: Path
    remote: Remote
    runner: GitRunner

    @property
    def git_dir(self) -> Path:
        """The bare repository."""
        return self.folder / REPOSITORY

    @property
    def is_made(self) -> bool:
        """Whether something has been fetched."""
        return (self.git_dir / "HEAD").exists()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the mirror from being removed while the block reads it.

        Raises:
            GitError: This host's storage failed.
        """
        with ExitStack() as stack:
            while not self._is_held(stack):
                pass
            yield

    def refs(self) -> Mapping[str, str]:
        """Return the object id of every ref, as of the last fetch."""
        return read_refs(self.git_dir)

    def branch(self, name: str) -> str:
        """Return the commit id of branch ``name`` as of the last fetch, or an empty string."""
        return read_ref(self.git_dir, f"{BRANCHES}{name}")

    def listing(self, *, max_age: timedelta = timedelta(0)) -> RefListing:
        """Ask the remote for its refs."""
        with self.held():
            return _parsed(self._shared(_LISTED).result(self._list, max_age=max_age))

    def prove_access(self) -> None:
        """Check that the remote lets these credentials in, if it was not asked a moment ago.

        Raises:
            GitError: It does not, or does not answer.
        """
        if self.remote.credential is None:
            return
        with self.held():
            if not self._shared(_FETCHED).has_succeeded(within=_TRUSTED_FOR):
                self._shared(_LISTED).result(self._list, max_age=_TRUSTED_FOR)

    def fetch(self) -> None:
        """Make the mirror as new as the remote is now; a damaged one is made anew."""
        with self.held():
            self._shared(_FETCHED).result(self._fetch_all)
            self._use()

    def fetch_commit(self, commit: str) -> None:
        """Fetch one commit that no branch or tag leads to; not every host allows that."""
        with self.held(), self._locked():
            self._fetcher.fetch(self.git_dir, f"+{commit}:refs/kargo/commits/{commit}")

    def discard(self) -> None:
        """Say that the mirror is damaged; the next fetch makes it anew."""
        with self.held(), self._locked():
            (self.folder / _DAMAGED).touch()
            (self.folder / _FETCHED).unlink(missing_ok=True)

    def lend(self, repository: Path) -> None:
        """Have ``repository`` borrow the mirror's objects for as long as it is there.

        Raises:
            CorruptRepositoryError: There is nothing to borrow.
        """
        with self.held():
            if not self.is_made:
                raise CorruptRepositoryError("The local copy of the repository is gone.")
            Borrowers(self.folder / BORROWERS).add(repository)
            lend(self.git_dir, repository)
            self._use()

    def call(self, *, talking: bool = False) -> Call:
        """Return the surroundings of a Git process in this mirror."""
        return self._fetcher.call(self.git_dir, talking=talking)

    @property
    def _fetcher(self) -> Fetcher:
        return Fetcher(folder=self.folder, remote=self.remote, runner=self.runner)

    def _is_held(self, stack: ExitStack) -> bool:
        """Lock the folder, and return whether it is still the one that others see."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self.remote.credential is not None:
                mark_owner(self.folder, self.remote.tenant_uid)
            return stack.enter_context(shared_directory_lock(self.folder, timeout=_UNTIL_MOVED))
        except FileNotFoundError:  # it has just been removed
            return False
        except OSError as error:
            raise storage_failure(error) from error

    def _shared(self, name: str) -> SharedCall:
        return SharedCall(self.folder / name, timeout=self.runner.settings.lock_timeout)

    def _locked(self) -> AbstractContextManager[None]:
        return file_lock(self.folder / _FETCH_LOCK, timeout=self.runner.settings.lock_timeout)

    def _list(self) -> str:
        call = replace(
            self.call(talking=True), env={"GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        )
        return self.runner.run(("ls-remote", "--symref", "--end-of-options", self.remote.url), call)

    def _fetch_all(self) -> str:
        mark = self.folder / _DAMAGED
        if mark.exists() or not self.is_made:
            self._fetcher.make(self.git_dir)
        else:
            self._renew()
        mark.unlink(missing_ok=True)
        return ""

    def _renew(self) -> None:
        try:
            read_refs(self.git_dir)
            self._fetcher.renew(self.git_dir)
        except GitError as error:
            if not self._is_to_blame(error):
                raise
            logger.warning("mirror made anew", extra={"reason": error.message})
            self._fetcher.make(self.git_dir)

    def _is_to_blame(self, error: GitError) -> bool:
        """Tell whether the mirror, not the remote, may be what is wrong.

        An error that nobody knows is laid to the mirror too, but not again and again.
        """
        if "remote: " in error.message:
            return False
        if isinstance(error, CorruptRepositoryError):
            return True
        age = time.time() - (self.git_dir / "HEAD").stat().st_mtime
        return error.code == GitError.code and age > _BETWEEN_REMAKES.total_seconds()

    def _use(self) -> None:
        """Note that the mirror is of use."""
        try:
            (self.folder / USED).touch()
        except OSError as error:
            raise storage_failure(error) from error


@dataclass(frozen=True, slots=True)
class MirrorCache:
    """The mirrors of one host."""

    runner: GitRunner

    def mirror(self, remote: Remote) -> Mirror:
        """Return the mirror of ``remote``, which may not exist yet.

        Raises:
            RefusedURLError: Git may not be given the remote's address.
        """
        checked = self.checked(remote)
        try:
            key = self._key(checked)
        except OSError as error:
            raise storage_failure(error) from error
        folder = self.runner.settings.cache_dir / MIRRORS / key[:2] / key
        return Mirror(folder=folder, remote=checked, runner=self.runner)

    def checked(self, remote: Remote) -> Remote:
        """Return ``remote`` with a checked URL and what was written in it moved out.

        Raises:
            RefusedURLError: Git may not be given the remote's address.
        """
        url = check_url(remote.url, allow_local=self.runner.settings.allow_local)
        credential = remote.credential
        if credential is None and url != remote.url:
            parts = urlsplit(remote.url)
            if parts.password:
                credential = Credential(
                    username=unquote(parts.username or ""), password=unquote(parts.password)
                )
        return replace(remote, url=url, credential=credential)

    def secret(self) -> bytes:
        """Return this host's key, made on first use; it never leaves the cache folder."""
        path = self.runner.settings.cache_dir / "key"
        with suppress(FileNotFoundError):
            return path.read_bytes()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"key.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
        return path.read_bytes()

    def _key(self, remote: Remote) -> str:
        parts = [normalise_git_url(remote.url)]
        if remote.insecure_skip_tls_verify:
            # What came from an unproved host is not shown to those who want proof.
            parts.append("insecure")
        if remote.credential is not None:
            held = remote.credential
            named = remote.credential_name or held.name
            content = (held.username, held.password, held.ssh_private_key)
            parts += [remote.tenant_uid, *(("named", named) if named else ("secret", *content))]
        text = "\0".join(parts).encode()
        return hashlib.blake2b(text, key=self.secret(), digest_size=20).hexdigest()


def _parsed(text: str) -> RefListing:
    head = ""
    refs: dict[str, str] = {}
    for line in text.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            head = value.removeprefix("ref: refs/heads/")
        elif name and not name.endswith("^{}"):
            refs[name] = value
    return RefListing(head=head, refs=refs)

"""One bare mirror per repository, credential and host; everything else borrows its objects.

A mirror is a folder with ``repo.git``, the notes of :mod:`coalescing
<promotions.gateways.git.coalescing>` and their locks. Remote branches are kept under
``refs/remotes/origin/``, tags under ``refs/tags/``. Nothing is ever collected as garbage, since
work trees borrow; old mirrors may be removed whole (``MirrorCache`` is the place for that, by
age and size, once somebody needs it).
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from common.locks import file_lock
from promotions.engine.urls import normalise_git_url
from promotions.gateways.git.coalescing import SharedCall
from promotions.gateways.git.failures import storage_failure
from promotions.gateways.git.refs import read_ref, read_refs
from promotions.gateways.git.runner import Call, GitFailedError, GitRunner
from promotions.gateways.git.validation import check_url
from promotions.ports.credentials import Credential
from promotions.ports.git import CorruptRepositoryError, RefListing, Remote

BRANCHES = "refs/remotes/origin/"
TAGS = "refs/tags/"
_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n[gc]\n\tauto = 0\n"
_FETCH = (
    "fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
    "--no-recurse-submodules",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mirror:
    """A mirror of ``remote`` in ``folder``; ``remote.url`` has been checked."""

    folder: Path
    remote: Remote
    runner: GitRunner

    @property
    def git_dir(self) -> Path:
        """The bare repository."""
        return self.folder / "repo.git"

    def refs(self) -> Mapping[str, str]:
        """Return the object id of every ref, as of the last fetch."""
        return read_refs(self.git_dir)

    def branch(self, name: str) -> str:
        """Return the commit id of branch ``name`` as of the last fetch, or an empty string."""
        return read_ref(self.git_dir, f"{BRANCHES}{name}")

    def listing(self, *, max_age: timedelta = timedelta(0)) -> RefListing:
        """Ask the remote for its refs."""
        return _parsed(self._shared("refs.json").result(self._list, max_age=max_age))

    def fetch(self) -> None:
        """Make the mirror as new as the remote is now."""
        self._shared("fetch.json").result(self._fetch_all)

    def fetch_commit(self, commit: str) -> None:
        """Fetch one commit that no branch or tag leads to; not every host allows that."""
        with self._locked():
            self._fetch(f"+{commit}:refs/kargo/commits/{commit}")

    def discard(self) -> None:
        """Remove the damaged mirror; the next fetch makes a new one."""
        with self._locked():
            self._remove()
            (self.folder / "fetch.json").unlink(missing_ok=True)

    def call(self, *, talking: bool = False) -> Call:
        """Return the surroundings of a Git process in this mirror."""
        return Call(
            cwd=self.folder,
            home=self.folder,
            remote=self.remote if talking else None,
            env={"GIT_DIR": str(self.git_dir)},
        )

    def _shared(self, name: str) -> SharedCall:
        return SharedCall(self.folder / name, timeout=self.runner.settings.lock_timeout)

    def _locked(self) -> AbstractContextManager[None]:
        return file_lock(self.folder / "fetch.lock", timeout=self.runner.settings.lock_timeout)

    def _list(self) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        call = replace(
            self.call(talking=True), env={"GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        )
        return self.runner.run(("ls-remote", "--symref", "--end-of-options", self.remote.url), call)

    def _fetch_all(self) -> str:
        fresh = self._create()
        try:
            self._fetch(f"+refs/heads/*:{BRANCHES}*", f"+{TAGS}*:{TAGS}*", "--prune")
        except CorruptRepositoryError:
            self._remove()
            fresh = self._create()
            self._fetch(f"+refs/heads/*:{BRANCHES}*", f"+{TAGS}*:{TAGS}*")
        if fresh:
            self.runner.run(("pack-refs", "--all"), self.call())
        return ""

    def _fetch(self, *refspecs: str) -> None:
        options = tuple(text for text in refspecs if text.startswith("--"))
        wanted = tuple(text for text in refspecs if not text.startswith("--"))
        arguments = (*_FETCH, *options, "--end-of-options", self.remote.url, *wanted)
        try:
            self.runner.attempt(arguments, self.call(talking=True))
        except GitFailedError as failed:
            if not failed.met_lock:
                raise failed.error from None
            # We hold the mirror's own lock, so a lock file is left from a killed process.
            self._remove_lock_files()
            self.runner.run(arguments, self.call(talking=True))

    def _create(self) -> bool:
        if (self.git_dir / "HEAD").exists():
            return False
        try:
            for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
                (self.git_dir / name).mkdir(parents=True, exist_ok=True)
            (self.git_dir / "config").write_text(_CONFIG)
            (self.git_dir / "HEAD").write_text("ref: refs/heads/main\n")
        except OSError as error:
            raise storage_failure(error) from error
        return True

    def _remove(self) -> None:
        shutil.rmtree(self.git_dir, ignore_errors=True)

    def _remove_lock_files(self) -> None:
        for path in self.git_dir.rglob("*.lock"):
            path.unlink(missing_ok=True)


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
            folder = self.runner.settings.cache_dir / "mirrors" / key[:2] / key
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise storage_failure(error) from error
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
        if remote.credential is not None:
            named = remote.credential_name
            held = remote.credential
            content = (held.username, held.password, held.ssh_private_key)
            parts += [remote.tenant_uid, *((named,) if named else content)]
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

"""Which mirrors are removed to make room, and what do killed processes leave behind?

A mirror goes when nobody has read it for long, or when all of them take too much room; the least
recently used goes first. One that a process uses, or a repository borrows from, stays. Removal is
a rename under a lock that users share, so it is safe at any time, on any number of workers.
"""

import logging
import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.errors import ConflictError
from common.locks import directory_lock, file_lock
from promotions.gateways.git.borrowers import Borrowers
from promotions.gateways.git.fetching import MAKING, REPLACED
from promotions.gateways.git.files import DRAFT
from promotions.gateways.git.mirror import BORROWERS, MIRRORS, REPOSITORY, USED
from promotions.gateways.git.owners import TREES, mirrors_of, pools_of, remove_pools
from promotions.gateways.git.settings import CacheLimits, GitSettings

logger = logging.getLogger(__name__)

_TRASH = "trash"
_SWEPT = "swept"
_SWEEP_LOCK = "sweep.lock"
_FORGOTTEN = timedelta(days=1)
_BLOCK_BYTES = 512
_LEFTOVERS = (MAKING, f"{REPLACED}*", f"*{DRAFT}", f"{REPOSITORY}/objects/pack/tmp_*")


@dataclass(frozen=True, slots=True)
class MirrorUse:
    """How much room a mirror takes, and when it was last read or fetched."""

    folder: Path
    size_bytes: int
    used_at: datetime


def is_due(use: MirrorUse, *, total_bytes: int, limits: CacheLimits, now: datetime) -> bool:
    """Return whether a mirror should go, all mirrors taking ``total_bytes``."""
    return total_bytes > limits.total_bytes or now - use.used_at > limits.max_idle


@dataclass(frozen=True, slots=True)
class CacheSweeper:
    """Keeps the cache folder of this host within its limits."""

    settings: GitSettings

    def sweep_if_due(self, *, now: datetime) -> None:
        """Sweep, unless somebody did so a short while ago or is doing so now.

        What goes wrong is logged: the next sweep tries again.
        """
        cache_dir = self.settings.cache_dir
        try:
            swept_at = _changed_at(cache_dir / _SWEPT)
            if swept_at is not None and _is_recent(swept_at, self.settings.cache, now=now):
                return
            with file_lock(cache_dir / _SWEEP_LOCK, timeout=timedelta(0)):
                (cache_dir / _SWEPT).touch()
                self.sweep(now=now)
        except ConflictError:
            return
        except OSError as error:
            logger.warning("git cache not swept", extra={"reason": str(error)})

    def sweep(self, *, now: datetime) -> tuple[Path, ...]:
        """Remove what is too old or too much, and what killed processes left.

        Returns:
            The folders of the mirrors that were removed.

        Raises:
            OSError: The cache folder cannot be read or written.
        """
        self._tidy(now=now)
        uses = sorted((_use(folder) for folder in self._folders()), key=lambda it: it.used_at)
        total_bytes = sum(use.size_bytes for use in uses)
        removed: list[Path] = []
        for use in uses:
            if not is_due(use, total_bytes=total_bytes, limits=self.settings.cache, now=now):
                break
            if self._remove(use.folder):
                total_bytes -= use.size_bytes
                removed.append(use.folder)
        if removed:
            logger.info("git mirrors removed", extra={"mirrors": len(removed)})
        self._empty_trash()
        return tuple(removed)

    def owners(self) -> frozenset[str]:
        """Return the uids of the tenants that something is kept of here."""
        mirrors = mirrors_of(self._folders())
        return frozenset(owner for _, owner in (*mirrors, *pools_of(self._trees)))

    def forget(self, tenants: Collection[str]) -> None:
        """Remove what is kept of these tenants; what is in use now goes another time.

        Raises:
            OSError: The cache folder cannot be written.
        """
        if not tenants:
            return
        remove_pools(self._trees, tenants, discard=self._discard)
        for folder, owner in mirrors_of(self._folders()):
            if owner in tenants:
                self._remove(folder)
        self._empty_trash()

    @property
    def _trees(self) -> Path:
        return self.settings.cache_dir / TREES

    def _folders(self) -> Iterator[Path]:
        found = (self.settings.cache_dir / MIRRORS).glob("*/*")
        return (folder for folder in found if folder.is_dir())

    def _remove(self, folder: Path) -> bool:
        """Remove a mirror, and return whether nobody had anything against it."""
        # Another sweeper may have removed it since it was listed.
        with suppress(FileNotFoundError), directory_lock(folder) as is_ours:
            if is_ours and not Borrowers(folder / BORROWERS).living(git_dir=folder / REPOSITORY):
                return self._discard(folder)
        return False

    def _tidy(self, *, now: datetime) -> None:
        for folder in self._folders():
            self._tidy_mirror(folder)
        cache_dir = self.settings.cache_dir
        for path in (cache_dir / "ssh").glob("*"):
            if _is_older(path, self.settings.remote_timeout * 2, now=now):
                self._discard(path)
        for path in (*(cache_dir / "hosts").glob("*"), *(cache_dir / "locks").glob("push-*")):
            if _is_older(path, _FORGOTTEN, now=now):
                self._forget(path)

    def _tidy_mirror(self, folder: Path) -> None:
        with suppress(FileNotFoundError), directory_lock(folder) as is_ours:
            if not is_ours:
                return
            for path in (it for pattern in _LEFTOVERS for it in folder.glob(pattern)):
                self._discard(path)
            Borrowers(folder / BORROWERS).living(git_dir=folder / REPOSITORY)

    def _forget(self, path: Path) -> None:
        """Remove the file of a host or branch that nobody has asked for long."""
        with suppress(ConflictError), file_lock(path, timeout=timedelta(0)):
            path.unlink(missing_ok=True)

    def _discard(self, path: Path) -> bool:
        """Move a file or folder out of the way, at once; return whether it was still there."""
        trash = self.settings.cache_dir / _TRASH
        trash.mkdir(exist_ok=True, mode=0o700)
        try:
            path.rename(trash / secrets.token_hex(8))
        except FileNotFoundError:
            return False
        return True

    def _empty_trash(self) -> None:
        for path in (self.settings.cache_dir / _TRASH).glob("*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _use(folder: Path) -> MirrorUse:
    used_at = _changed_at(folder / USED) or _changed_at(folder)
    return MirrorUse(
        folder=folder,
        size_bytes=_size(folder),
        used_at=used_at or datetime.fromtimestamp(0, tz=UTC),
    )


def _size(folder: Path) -> int:
    """Return the bytes on disk of everything in ``folder``."""
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                size += (Path(parent) / name).lstat().st_blocks * _BLOCK_BYTES
    return size


def _changed_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    except FileNotFoundError:
        return None


def _is_recent(swept_at: datetime, limits: CacheLimits, *, now: datetime) -> bool:
    return timedelta(0) <= now - swept_at < limits.sweep_every


def _is_older(path: Path, age: timedelta, *, now: datetime) -> bool:
    changed_at = _changed_at(path)
    return changed_at is not None and now - changed_at > age

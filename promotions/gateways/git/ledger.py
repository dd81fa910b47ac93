"""Which folders of a work tree are as Git left them, and what is in the others that is not Git's?

A folder with the inode and the change time that were noted has had nothing added, removed or
renamed in it, and has the permissions it had: the kernel sets change times, and no process can
set them back. So only the other folders are looked into, and whatever Git would not have written
there is removed. Of files Git's index has noted the same.
"""

import os
import stat
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from common.removal import remove_tree
from promotions.gateways.git.index_file import identities, identity_of

_TICK_SECONDS = 1.0
_PAUSE = 0.001
_OPEN = 0o700
_OF_THE_HOST = "security."


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the folders of one work tree were when nobody but Git had been there.

    Attributes:
        mode: Permissions that a folder has.
        folders: Inode and change time in nanoseconds by path; parents come first, the root is
            empty.
        files: Paths of the files and symbolic links that Git wrote.
    """

    mode: int
    folders: Mapping[bytes, tuple[int, int]]
    files: tuple[bytes, ...]

    @property
    def latest(self) -> int:
        """The latest change time that is noted."""
        return max(changed for _, changed in self.folders.values())

    def to_bytes(self) -> bytes:
        """Return the ledger as :meth:`from_bytes` reads it."""
        fields = [b"%d" % self.mode, b"%d" % len(self.folders)]
        for name, identity in self.folders.items():
            fields += [name, b"%d %d" % identity]
        return b"\0".join([*fields, *self.files])

    @classmethod
    def from_bytes(cls, content: bytes) -> "Ledger":
        """Return the ledger that :meth:`to_bytes` was asked of.

        Raises:
            ValueError: It is not one.
        """
        mode, count, *rest = content.split(b"\0")
        end = 2 * int(count)
        folders: dict[bytes, tuple[int, int]] = {}
        for name, identity in zip(rest[0:end:2], rest[1:end:2], strict=True):
            inode, changed = identity.split()
            folders[name] = (int(inode), int(changed))
        return cls(mode=int(mode), folders=folders, files=tuple(rest[end:]))


class UnusableTreeError(Exception):
    """A work tree is not as it was, in a way that is not worth mending."""


def take_stock(root: Path, *, folders: Iterable[bytes], files: tuple[bytes, ...]) -> Ledger:
    """Note what the folders of ``root`` are; nobody but Git may have been there yet.

    Raises:
        OSError: One is not there.
    """
    base = os.fsencode(root)
    noted: dict[bytes, tuple[int, int]] = {}
    for name in sorted(folders):
        found = os.lstat(_below(base, name))
        noted[name] = (found.st_ino, found.st_ctime_ns)
    return Ledger(mode=stat.S_IMODE(os.lstat(base).st_mode), folders=noted, files=files)


def wait_for_tick(probe: Path, *, after: int) -> bool:
    """Wait until whatever changes now gets a change time later than ``after``, in nanoseconds.

    Returns whether that came about within a second. ``probe`` is a file that may be written, on
    the same file system.
    """
    deadline = time.monotonic() + _TICK_SECONDS
    while time.monotonic() < deadline:
        probe.write_bytes(b"")
        if probe.stat().st_ctime_ns > after:
            return True
        time.sleep(_PAUSE)
    return False


def scrub(root: Path, ledger: Ledger) -> None:
    """Remove from ``root`` whatever Git did not write there.

    Files that Git did write may still have been changed or removed since.

    Raises:
        UnusableTreeError: The root itself is not as it was.
        OSError: Something cannot be removed.
    """
    base = os.fsencode(root)
    if not _is_plain(os.lstat(base), base, ledger.mode):
        raise UnusableTreeError("the root has other permissions")
    # Parents first: a link in a folder's place is removed before anything is looked up through it.
    changed = _changed(base, ledger)
    files = _by_folder(ledger.files, changed)
    folders = _by_folder((name for name in ledger.folders if name), changed)
    for name in changed:
        path = _below(base, name)
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if _is_plain(found, path, ledger.mode):
            _purge(path, files=files[name], folders=folders[name])
        else:
            remove_tree(Path(os.fsdecode(path)))


def remove_changed(root: Path, ledger: Ledger, *, index: bytes) -> None:
    """Remove every file that is not exactly what Git noted in ``index`` when it wrote it.

    Folders must have been scrubbed before, so that no path leads through a link.

    Raises:
        ValueError: The index is not that of the ledger.
        OSError: Something cannot be removed.
    """
    noted = dict(identities(index))
    if noted.keys() != set(ledger.files):
        raise ValueError("the index has other files")
    base = os.fsencode(root)
    for name, identity in noted.items():
        path = _below(base, name)
        with suppress(FileNotFoundError, NotADirectoryError):
            if identity_of(os.lstat(path)) != identity:
                remove_tree(Path(os.fsdecode(path)))


def _changed(base: bytes, ledger: Ledger) -> list[bytes]:
    changed: list[bytes] = []
    for name, noted in ledger.folders.items():
        try:
            found = os.lstat(_below(base, name))
        except (FileNotFoundError, NotADirectoryError):
            continue
        if (found.st_ino, found.st_ctime_ns) != noted:
            changed.append(name)
    return changed


def _by_folder(names: Iterable[bytes], wanted: Iterable[bytes]) -> dict[bytes, set[bytes]]:
    """Return the last parts of ``names`` by folder, for the folders that are wanted."""
    found: dict[bytes, set[bytes]] = {folder: set() for folder in wanted}
    for name in names:
        folder, _, last = name.rpartition(b"/")
        if folder in found:
            found[folder].add(last)
    return found


def _is_plain(found: os.stat_result, path: bytes, mode: int) -> bool:
    """Tell whether this is a folder as Git makes it: its owner, its permissions, nothing more."""
    if not stat.S_ISDIR(found.st_mode) or stat.S_IMODE(found.st_mode) != mode:
        return False
    if found.st_uid != os.geteuid():
        return False
    with suppress(OSError):
        return all(name.startswith(_OF_THE_HOST) for name in os.listxattr(path))
    return True


def _purge(path: bytes, *, files: Collection[bytes], folders: Collection[bytes]) -> None:
    with os.scandir(path) as entries:
        foreign = [entry.path for entry in entries if not _is_ours(entry, files, folders)]
    for found in foreign:
        remove_tree(Path(os.fsdecode(found)))


def _is_ours(
    entry: "os.DirEntry[bytes]", files: Collection[bytes], folders: Collection[bytes]
) -> bool:
    if entry.is_dir(follow_symlinks=False):
        return entry.name in folders
    return entry.name in files and (entry.is_symlink() or entry.is_file(follow_symlinks=False))


def _below(base: bytes, name: bytes) -> bytes:
    return base + b"/" + name if name else base

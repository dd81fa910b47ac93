"""Writes a tar archive that depends on nothing but the names, modes and contents of the files."""

import os
import stat
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from common.errors import InvalidError
from promotions.steps.support.ignores import IgnoreRules

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_TOTAL_BYTES = 100 * 1024 * 1024
MAX_ENTRIES = 150_000

_CHUNK = 1024 * 1024
_PERMISSIONS = 0o777
_END = bytes(2 * tarfile.BLOCKSIZE)
_TYPES = {
    stat.S_IFREG: tarfile.REGTYPE,
    stat.S_IFDIR: tarfile.DIRTYPE,
    stat.S_IFLNK: tarfile.SYMTYPE,
    stat.S_IFIFO: tarfile.FIFOTYPE,
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something to store: its name in the archive, and where it is."""

    name: str
    path: str
    found: os.stat_result

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.found.st_mode)


def write_tar(
    archive: BinaryIO, source: str, *, rules: IgnoreRules, without: Collection[str] = ()
) -> None:
    """Store a file under its name, or all that is in a directory, in the order of names.

    Links are stored as links. Times and owners are left out.

    Args:
        archive: Where it is written.
        source: Absolute path of a file or a directory.
        rules: What to leave out, anchored at the directory.
        without: Absolute paths that are left out of a directory, such as the archive's own.

    Raises:
        InvalidError: There is too much to store, or a file changed meanwhile.
        OSError: Something cannot be read or written.
    """
    total = 0
    for count, entry in enumerate(_entries(source, rules, without=without)):
        if count >= MAX_ENTRIES:
            raise InvalidError(f"more than {MAX_ENTRIES} files and directories")
        info = _header(entry)
        total += info.size
        _check_sizes(entry, info.size, total)
        archive.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        if info.isreg():
            _copy(entry, archive, size=info.size)
    archive.write(_END)


def _entries(source: str, rules: IgnoreRules, *, without: Collection[str]) -> Iterator[_Entry]:
    found = Path(source).lstat()
    if stat.S_ISDIR(found.st_mode):
        yield from _below(source, "", rules, without=without)
        return
    entry = _Entry(Path(source).name, source, found)
    if not rules.ignores(entry.name):
        yield entry


def _below(
    directory: str, prefix: str, rules: IgnoreRules, *, without: Collection[str]
) -> Iterator[_Entry]:
    with os.scandir(directory) as found:
        children = sorted(found, key=lambda child: os.fsencode(child.name))
    for child in children:
        entry = _Entry(prefix + child.name, child.path, child.stat(follow_symlinks=False))
        is_left_out = rules.ignores(entry.name, is_directory=entry.is_directory)
        if is_left_out or entry.path in without:
            continue
        yield entry
        if entry.is_directory:
            yield from _below(entry.path, f"{entry.name}/", rules, without=without)


def _header(entry: _Entry) -> tarfile.TarInfo:
    mode = entry.found.st_mode
    info = tarfile.TarInfo(f"{entry.name}/" if entry.is_directory else entry.name)
    kind = _TYPES.get(stat.S_IFMT(mode))
    if kind is None:
        raise InvalidError(f'"{entry.name}" is neither a file nor a directory nor a link')
    info.type = kind
    info.mode = mode & _PERMISSIONS
    info.size = entry.found.st_size if info.isreg() else 0
    info.linkname = str(Path(entry.path).readlink()) if info.issym() else ""
    return info


def _check_sizes(entry: _Entry, size: int, total: int) -> None:
    if size > MAX_FILE_BYTES:
        raise InvalidError(
            f'file "{entry.name}" size ({size} bytes) exceeds the maximum allowed single file size'
            f" ({MAX_FILE_BYTES} bytes)"
        )
    if total > MAX_TOTAL_BYTES:
        raise InvalidError(
            "total tar archive source size exceeds the maximum allowed size"
            f" ({MAX_TOTAL_BYTES} bytes)"
        )


def _copy(entry: _Entry, archive: BinaryIO, *, size: int) -> None:
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    left = size
    with os.fdopen(descriptor, "rb") as file:
        while left and (chunk := file.read(min(left, _CHUNK))):
            archive.write(chunk)
            left -= len(chunk)
    if left:
        raise InvalidError(f'file "{entry.name}" became shorter while it was read')
    archive.write(bytes(-size % tarfile.BLOCKSIZE))

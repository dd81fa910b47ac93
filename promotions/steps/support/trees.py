"""Copies files and directories inside a work directory without ever leaving it."""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from promotions.steps.support.ignores import GIT, IgnoreRules, pattern_lines
from promotions.steps.support.targets import refuse_private
from promotions.steps.support.workdir import private_directories, secure_join

_COPY_CHUNK_BYTES = 1024 * 1024
_STAT_BLOCK_BYTES = 512
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class _Entry:
    """Something to copy: a path relative to the source, empty for the source itself."""

    relative: str
    mode: int

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.mode)


def copy_tree(root: str, source: str, target: str, *, ignore: str = "") -> None:
    """Copy ``source`` to ``target``, both inside ``root``; modes are kept, parents are made.

    Args:
        root: The work directory.
        source: A file or a directory. Symbolic links inside a directory are left out.
        target: An existing directory is merged with, an existing file replaced.
        ignore: Lines in the syntax of ``.gitignore``, anchored at the source directory.

    Raises:
        OSError: The source is missing, or something cannot be read or written; the disk may have
            no room.
        InvalidError: A pattern is malformed, or the source or target belongs to the platform.
    """
    start = secure_join(root, source)
    end = secure_join(root, target)
    mode = Path(start).lstat().st_mode
    refuse_private(root, source)
    refuse_private(root, target)
    rules = IgnoreRules([GIT, *pattern_lines(ignore)])
    if start == end or (not stat.S_ISDIR(mode) and rules.ignores(Path(start).name)):
        return
    if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
        raise OSError(errno.EINVAL, "neither a file nor a directory", start)
    Path(end).parent.mkdir(parents=True, exist_ok=True)
    if not stat.S_ISDIR(mode):
        _copy_file(root, start, end)
        return
    skipped = {end, *private_directories(root)}
    entries = [_Entry("", mode), *_entries(start, "", rules=rules, skipped=skipped)]
    targets: dict[str, str] = {}
    for entry in entries:
        _copy_entry(root, entry, start=start, end=end, targets=targets)


def _entries(
    start: str, relative: str, *, rules: IgnoreRules, skipped: Collection[str]
) -> Iterator[_Entry]:
    """Yield what lies in a directory, parents first, in the order of names.

    ``skipped`` has the target: a directory copied into itself does not contain the copy.
    """
    with os.scandir(f"{start}/{relative}") as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = f"{relative}/{child.name}" if relative else child.name
        entry = _Entry(path, child.stat(follow_symlinks=False).st_mode)
        if child.path.replace("//", "/") in skipped or not _is_copied(entry, rules):
            continue
        yield entry
        if entry.is_directory:
            yield from _entries(start, path, rules=rules, skipped=skipped)


def _is_copied(entry: _Entry, rules: IgnoreRules) -> bool:
    if not (entry.is_directory or stat.S_ISREG(entry.mode)):
        return False
    return not rules.ignores(entry.relative, is_directory=entry.is_directory)


def _copy_entry(root: str, entry: _Entry, *, start: str, end: str, targets: dict[str, str]) -> None:
    """Copy one entry; ``targets`` remembers where each directory of the source went.

    Links that are in the target already are anchored at the root.
    """
    if entry.is_directory:
        target = Path(secure_join(root, f"{end.removeprefix(root)}/{entry.relative}"))
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(stat.S_IMODE(entry.mode) | stat.S_IRWXU)
        targets[entry.relative] = str(target)
        return
    parent, _, name = entry.relative.rpartition("/")
    _copy_file(root, f"{start}/{entry.relative}", f"{targets[parent]}/{name}")


def _copy_file(root: str, source: str, target: str) -> None:
    """Copy the content and the mode of a file; holes stay holes."""
    with (
        os.fdopen(os.open(source, _READ), "rb", buffering=0) as reader,
        os.fdopen(_opened(root, target), "wb") as writer,
    ):
        found = os.fstat(reader.fileno())
        if os.path.samestat(found, os.fstat(writer.fileno())):
            return
        writer.truncate(0)
        _check_space(writer.fileno(), found, target)
        for start, end in _pieces(reader.fileno(), found.st_size):
            reader.seek(start)
            writer.seek(start)
            _copy_piece(reader, writer, size=end - start)
        writer.truncate(found.st_size)
        os.fchmod(writer.fileno(), stat.S_IMODE(found.st_mode))


def _check_space(descriptor: int, found: os.stat_result, target: str) -> None:
    """Refuse to begin a copy that the disk has no room for.

    Raises:
        OSError: It has not.
    """
    disk = os.fstatvfs(descriptor)
    needed = min(found.st_size, found.st_blocks * _STAT_BLOCK_BYTES)
    if needed > disk.f_bavail * disk.f_frsize:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), target)


def _pieces(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a file that are no holes start and end."""
    end = 0
    while end < size:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return  # only a hole is left
        end = os.lseek(descriptor, start, os.SEEK_HOLE)
        yield start, end


def _copy_piece(reader: FileIO, writer: BinaryIO, *, size: int) -> None:
    while size and (chunk := reader.read(min(size, _COPY_CHUNK_BYTES))):
        writer.write(chunk)
        size -= len(chunk)


def _opened(root: str, target: str) -> int:
    """Open a file to be overwritten; if it is a link, the link is followed inside the root.

    One that may not be written, as an earlier copy may have left it, makes way for another.
    """
    # A pipe that nobody reads is an error at once, and not something to wait for.
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(target, flags, 0o600)
    except PermissionError:
        Path(target).unlink()
        return os.open(target, flags, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return os.open(secure_join(root, target.removeprefix(root)), flags, 0o600)

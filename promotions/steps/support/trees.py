"""Copies files and directories inside a work directory without ever leaving it."""

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pathspec import GitIgnoreSpec

from promotions.steps.support.workdir import secure_join

ALWAYS_IGNORED = ".git"
_COPY_CHUNK_BYTES = 1024 * 1024


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
        OSError: The source is missing, or something cannot be read or written.
    """
    start = secure_join(root, source)
    end = secure_join(root, target)
    mode = Path(start).lstat().st_mode
    rules = _rules(ignore)
    if start == end or (not stat.S_ISDIR(mode) and rules.match_file(Path(start).name)):
        return
    Path(end).parent.mkdir(parents=True, exist_ok=True)
    if not stat.S_ISDIR(mode):
        _copy_file(root, start, end)
        return
    entries = [_Entry("", mode), *_entries(start, "", rules=rules, skipped=end)]
    targets: dict[str, str] = {}
    for entry in entries:
        _copy_entry(root, entry, start=start, end=end, targets=targets)


def _rules(ignore: str) -> GitIgnoreSpec:
    lines = [line for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    return GitIgnoreSpec.from_lines([ALWAYS_IGNORED, *lines])


def _entries(start: str, relative: str, *, rules: GitIgnoreSpec, skipped: str) -> Iterator[_Entry]:
    """Yield what lies in a directory, parents first, in the order of names.

    ``skipped`` is the target: a directory copied into itself does not contain the copy.
    """
    with os.scandir(f"{start}/{relative}") as found:
        children = sorted(found, key=lambda child: child.name)
    for child in children:
        path = f"{relative}/{child.name}" if relative else child.name
        entry = _Entry(path, child.stat(follow_symlinks=False).st_mode)
        if child.path.replace("//", "/") == skipped or not _is_copied(entry, rules):
            continue
        yield entry
        if entry.is_directory:
            yield from _entries(start, path, rules=rules, skipped=skipped)


def _is_copied(entry: _Entry, rules: GitIgnoreSpec) -> bool:
    if not (entry.is_directory or stat.S_ISREG(entry.mode)):
        return False
    return not rules.match_file(f"{entry.relative}/" if entry.is_directory else entry.relative)


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
    with (
        os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW), "rb") as reader,
        os.fdopen(_opened(root, target), "wb") as writer,
    ):
        shutil.copyfileobj(reader, writer, _COPY_CHUNK_BYTES)
        os.fchmod(writer.fileno(), stat.S_IMODE(os.fstat(reader.fileno()).st_mode))


def _opened(root: str, target: str) -> int:
    """Open a file to be overwritten; if it is a link, the link is followed inside the root."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        return os.open(target, flags, 0o600)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return os.open(secure_join(root, target.removeprefix(root)), flags, 0o600)

"""Shows a directory with more in it than it has, and leaves it as it is.

A view is a tree of links to everything in a directory, in which some directories are real: there
something can be added. It lies in the directory itself, so whoever may read that may read the
view, and it is gone afterwards; what a killed process leaves is removed before the next one.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.errors import InvalidError
from common.removal import remove_tree

MOST_ENTRIES = 200_000
"""Links and directories in one view."""

_PREFIX = ".kargo-view-"


@dataclass(frozen=True, slots=True)
class View:
    """A view at ``path`` of the directory ``root``."""

    root: str
    path: str

    def of(self, path: str) -> str:
        """Return where a path inside the root is in the view."""
        return os.path.normpath(f"{self.path}/{os.path.relpath(path, self.root)}")


@contextmanager
def view(root: str, *, real: Iterable[str]) -> Iterator[View]:
    """Make a view that is removed at the end of the block.

    Args:
        root: A directory, as a real path.
        real: Directories inside it that are real ones in the view, as are those above them; as
            real paths. What is missing is made.

    Raises:
        InvalidError: There is too much in these directories.
        OSError: The view cannot be made; something else than a directory is in a place of one.
    """
    made = View(root, tempfile.mkdtemp(prefix=_PREFIX, dir=root))
    try:
        _fill(made, _with_those_above(root, real))
        yield made
    finally:
        remove_tree(Path(made.path))


def remove_views(root: str) -> None:
    """Remove what killed processes have left in a directory.

    Raises:
        OSError: It cannot be removed.
    """
    for path in Path(root).glob(f"{_PREFIX}*"):
        remove_tree(path)


def _with_those_above(root: str, paths: Iterable[str]) -> list[str]:
    """Return directories with those above them up to ``root``, outer ones first."""
    found = {root}
    for path in paths:
        current = Path(path)
        while str(current) not in found:
            found.add(str(current))
            current = current.parent
    return sorted(found, key=len)


def _fill(made: View, directories: list[str]) -> None:
    for directory in directories[1:]:
        Path(made.of(directory)).mkdir()
    real = frozenset(directories)
    count = len(real)
    for directory in directories:
        if not os.path.lexists(directory):
            continue
        with os.scandir(directory) as entries:
            for entry in entries:
                count += 1
                if count > MOST_ENTRIES:
                    raise InvalidError(f"there are more than {MOST_ENTRIES} files beside it")
                if entry.path not in real and not _is_view(made.root, entry):
                    Path(made.of(entry.path)).symlink_to(_target(made, entry))


def _is_view(root: str, entry: os.DirEntry[str]) -> bool:
    return entry.name.startswith(_PREFIX) and entry.path == f"{root}/{entry.name}"


def _target(made: View, entry: os.DirEntry[str]) -> str:
    """Return what to link to: a link inside the root leads to the same place in the view."""
    if not entry.is_symlink():
        return entry.path
    real = os.path.realpath(entry.path)
    return made.of(real) if real.startswith(f"{made.root}/") else entry.path

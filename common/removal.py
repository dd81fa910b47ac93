"""Removes folders that strangers filled: of any depth and permissions, never through a link."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = 0o700


def remove_tree(path: Path) -> None:
    """Remove a folder and all that is in it; a missing one, or one that is no folder, likewise.

    Folders inside are emptied into the outermost before they are removed, so that neither the
    length of a path nor the depth of the tree matters.

    Raises:
        OSError: Something cannot be removed.
    """
    try:
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        with _opened(str(path), within=None) as root:
            while inner := _emptied(root, into=root):
                for name in inner:
                    with _opened(name, within=root) as folder:
                        _emptied(folder, into=root)
                    os.rmdir(name, dir_fd=root)
        path.rmdir()
    except FileNotFoundError:
        return


def _emptied(folder: int, *, into: int) -> list[str]:
    """Remove the files in a folder, move its folders ``into`` another; return the names of those.

    With the same folder twice, its folders stay where they are.
    """
    found = []
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listed:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
        elif folder == into:
            found.append(name)
        else:
            _move(name, folder, into=into)
    return found


def _move(name: str, folder: int, *, into: int) -> None:
    target = f".{secrets.token_hex(8)}"
    try:
        os.rename(name, target, src_dir_fd=folder, dst_dir_fd=into)
    except PermissionError:
        os.chmod(name, _OPEN, dir_fd=folder)
        os.rename(name, target, src_dir_fd=folder, dst_dir_fd=into)


@contextmanager
def _opened(name: str, *, within: int | None) -> Iterator[int]:
    """Yield a folder that may be read and changed."""
    try:
        folder = os.open(name, _FOLDER, dir_fd=within)
    except PermissionError:
        os.chmod(name, _OPEN, dir_fd=within)
        folder = os.open(name, _FOLDER, dir_fd=within)
    try:
        if stat.S_IMODE(os.fstat(folder).st_mode) & _OPEN != _OPEN:
            os.fchmod(folder, _OPEN)
        yield folder
    finally:
        os.close(folder)

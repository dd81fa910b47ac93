"""Where does a path that a user wrote lie inside a promotion's work directory?

Source: Kargo's promotion steps, which join paths with ``cyphar/filepath-securejoin``.
"""

import errno
import fnmatch
import os
import re
import stat
from collections import deque
from pathlib import Path
from typing import BinaryIO

MAX_LINKS = 255
"""Symbolic links followed in one path before it is called a loop, as in securejoin."""

PRIVATE = "repo-*"
"""Top-level directories that hold a promotion's Git repositories and credentials."""

MAX_PATH = 4096
"""Characters in one path, as in Linux."""

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest file that a step reads whole."""

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
"""Flags to open a file that is not there yet."""


def secure_join(root: str, path: str) -> str:
    """Return the absolute path that ``path`` means when ``root`` is the file system's root.

    ``..`` and absolute paths are clamped inside ``root``; symbolic links are followed and
    anchored at ``root`` again, so the result never leaves it and never raises for trying.
    Components that do not exist are kept as they are.

    Raises:
        OSError: Links form a loop (``ELOOP``), or the path is longer than any could be.
        ValueError: The path contains a NUL character.
    """
    if "\0" in path:
        raise ValueError("a path cannot contain a NUL character")
    if len(path) > MAX_PATH:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), f"{path[:50]}…")
    pending = deque(path.split("/"))
    resolved = Path(root)
    links = 0
    while pending:
        part = pending.popleft()
        if part in {"", "."}:
            continue
        if part == "..":
            resolved = resolved.parent if resolved != Path(root) else resolved
            continue
        target = _link_target(resolved / part)
        if target is None:
            resolved /= part
            continue
        links += 1
        if links > MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        resolved = Path(root) if target.startswith("/") else resolved
        pending.extendleft(reversed(target.split("/")))
    return str(resolved)


def is_private(root: str, path: str) -> bool:
    """Return whether a path lies in a directory where ``git-clone`` keeps a bare repository.

    Args:
        root: The work directory.
        path: Without links: absolute inside ``root``, or relative to it.
    """
    top = path.removeprefix(root).lstrip("/").partition("/")[0]
    return fnmatch.fnmatchcase(top, PRIVATE) and Path(root, top, "repo", "HEAD").exists()


def private_directories(root: str) -> frozenset[str]:
    """Return the directories that :func:`is_private` is about, as paths that begin with root."""
    found = Path(root).glob(PRIVATE)
    return frozenset(str(path) for path in found if is_private(root, str(path)))


def read_text(root: str, path: str) -> str:
    """Return the UTF-8 text of the file at ``path`` inside ``root``, line ends untouched.

    Raises:
        OSError: There is no such regular file, or it cannot be read.
        ValueError: It is over ``MAX_FILE_BYTES`` or is not UTF-8.
    """
    return read_bytes(root, path).decode("utf-8")


def read_bytes(root: str, path: str, *, limit: int = MAX_FILE_BYTES) -> bytes:
    """Return the content of the regular file at ``path`` inside ``root``.

    Raises:
        OSError: There is no such regular file, or it cannot be read.
        ValueError: It is over ``limit`` bytes.
    """
    with opened_file(root, path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{path} is larger than {limit} bytes")
    return content


def opened_file(root: str, path: str) -> BinaryIO:
    """Open the regular file at ``path`` inside ``root`` to be read.

    Raises:
        OSError: There is no such regular file, or it cannot be read.
    """
    target = secure_join(root, path)
    if is_private(root, target):
        raise OSError(errno.EACCES, "belongs to the platform", path)
    if not stat.S_ISREG(Path(target).lstat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    return os.fdopen(os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def rewrite_text(root: str, path: str, text: str) -> None:
    """Replace the text of the existing file at ``path`` inside ``root``; its mode stays.

    A reader sees the old text or the new, never a part.

    Raises:
        OSError: The file is gone, or cannot be written; the disk may be full.
    """
    target = Path(secure_join(root, path))
    mode = stat.S_IMODE(target.lstat().st_mode)
    _replace(root, target, text.encode("utf-8"), mode=mode)


def write_bytes(root: str, path: str, content: bytes, *, mode: int | None = None) -> None:
    """Make or replace the file at ``path`` inside ``root``; parents are made, for us alone.

    A reader sees the old content or the new, never a part.

    Args:
        root: The work directory.
        path: Where the file goes.
        content: All of it.
        mode: Permissions, whatever they were before; ``None`` keeps those of a file that is
            there and makes a new one for us alone.

    Raises:
        OSError: Something else than a file is there, or it cannot be written.
    """
    target = Path(secure_join(root, path))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    make_directories(target.parent, mode=0o700)
    if mode is None:
        mode = stat.S_IMODE(target.lstat().st_mode) if target.exists() else 0o600
    _replace(root, target, content, mode=mode)


def make_directories(path: Path, *, mode: int) -> None:
    """Make a directory and those above it that are missing, all with the same mode.

    Raises:
        OSError: A directory cannot be made, or something else is in its place.
    """
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode=mode, exist_ok=True)


def new_temporary(root: str) -> Path:
    """Return the path of a file to write before it is moved to where it belongs.

    It is not beside that, where a step that was killed would leave it in a commit; what one has
    left is removed.
    """
    temporary = Path(root, f".kargo-{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    return temporary


def _replace(root: str, target: Path, content: bytes, *, mode: int) -> None:
    if is_private(root, str(target)):
        raise OSError(errno.EACCES, "belongs to the platform", str(target))
    temporary = new_temporary(root)
    try:
        with os.fdopen(os.open(temporary, NEW_FILE, 0o600), "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sanitise(message: str, root: str) -> str:
    """Return ``message`` with absolute paths inside ``root`` made relative to it.

    ``root`` itself becomes ``.``; the real path of ``root`` is treated like ``root``.
    """
    for prefix in sorted({root.rstrip("/"), os.path.realpath(root)}, key=len, reverse=True):
        pattern = rf"{re.escape(prefix)}(?:(?P<tail>/+)(?=[^/\s'\":,])|/*(?![\w-]|\.\w))"
        message = re.sub(pattern, _shorten, message) if prefix.strip("/") else message
    return message


def _shorten(match: re.Match[str]) -> str:
    return "" if match["tail"] else "."


def _link_target(path: Path) -> str | None:
    """Return what the link at ``path`` points to, or ``None`` if it is not a link."""
    try:
        return str(path.readlink()) if path.is_symlink() else None
    except OSError:
        return None

"""Where does a path that a user wrote lie inside a promotion's work directory?

Source: Kargo's promotion steps, which join paths with ``cyphar/filepath-securejoin``.
"""

import errno
import os
import re
import stat
from collections import deque
from pathlib import Path

MAX_LINKS = 255
"""Symbolic links followed in one path before it is called a loop, as in securejoin."""

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Largest file that a step reads whole."""


def secure_join(root: str, path: str) -> str:
    """Return the absolute path that ``path`` means when ``root`` is the file system's root.

    ``..`` and absolute paths are clamped inside ``root``; symbolic links are followed and
    anchored at ``root`` again, so the result never leaves it and never raises for trying.
    Components that do not exist are kept as they are.

    Raises:
        OSError: Links form a loop (``ELOOP``).
        ValueError: The path contains a NUL character.
    """
    if "\0" in path:
        raise ValueError("a path cannot contain a NUL character")
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
    target = secure_join(root, path)
    if not stat.S_ISREG(Path(target).lstat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    with os.fdopen(os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"{path} is larger than {limit} bytes")
    return content


def rewrite_text(root: str, path: str, text: str) -> None:
    """Replace the text of the existing file at ``path`` inside ``root``; its mode stays.

    A reader sees the old text or the new, never a part.

    Raises:
        OSError: The file is gone, or cannot be written; the disk may be full.
    """
    target = Path(secure_join(root, path))
    mode = stat.S_IMODE(target.lstat().st_mode)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(text.encode("utf-8"))
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

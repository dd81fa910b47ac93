"""Writes what helm and kustomize render, and says where charts and files are."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from common.errors import InvalidError
from promotions.steps.support.targets import refuse_private
from promotions.steps.support.workdir import secure_join, write_bytes

MAX_DEPTH = 100
"""Levels of directories, reached through links too, in one chart."""

_MODE = 0o600


def is_file_path(path: str) -> bool:
    """Return whether an ``outPath`` names one file rather than a directory."""
    return path.endswith((".yaml", ".yml"))


def write_file(root: str, path: str, text: str) -> None:
    """Write one file inside ``root``, for us alone; parents are made.

    Raises:
        OSError: It cannot be written.
    """
    write_bytes(root, path, text.encode(), mode=_MODE)


def write_files(root: str, directory: str, files: Mapping[str, str]) -> None:
    """Write files by their paths below a directory inside ``root``.

    Raises:
        OSError: One cannot be written; those before it were.
    """
    for name, text in files.items():
        write_file(root, f"{directory}/{name}", text)


def existing_files(root: str, paths: tuple[str, ...], *, ignore_missing: bool) -> tuple[str, ...]:
    """Return where files are, absolute, in the same order.

    Raises:
        InvalidError: One is no regular file, or belongs to the platform.
        OSError: One is missing and may not be.
    """
    joined = ((path, secure_join(root, path)) for path in paths)
    found = []
    for path, target in joined:
        refuse_private(root, path)
        if ignore_missing and not os.path.lexists(target):
            continue
        if not stat.S_ISREG(_mode(path, target)):
            raise InvalidError(f"{path} is not a regular file")
        found.append(target)
    return tuple(found)


def existing_chart(root: str, path: str) -> str:
    """Return where a chart is, absolute, if Helm may be given it.

    Raises:
        InvalidError: It is neither a file nor a directory, has a link that leads out, or belongs
            to the platform.
        OSError: There is nothing.
    """
    refuse_private(root, path)
    chart = secure_join(root, path)
    mode = Path(chart).stat().st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise InvalidError(f"{path} is neither a file nor a directory")
    check_links(root, chart)
    return chart


def check_links(root: str, path: str) -> None:
    """Check that no symbolic link below ``path`` leads out of ``root``; Helm would follow it.

    Raises:
        InvalidError: One does, or links and directories go too deep.
        OSError: Something cannot be read.
    """
    real_root = os.path.realpath(root)
    seen: set[str] = set()
    pending = [(path, 0)]
    while pending:
        current, depth = pending.pop()
        real = os.path.realpath(current)
        if real != real_root and not real.startswith(f"{real_root}/"):
            shown = PurePosixPath(current).name
            raise InvalidError(f"the link {shown} leads out of the work directory")
        if depth > MAX_DEPTH:
            raise InvalidError(f"directories are nested deeper than {MAX_DEPTH} levels")
        if real not in seen and Path(real).is_dir():
            seen.add(real)
            pending += [(child, depth + 1) for child in _to_follow(real)]


def _to_follow(directory: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_symlink() or entry.is_dir(follow_symlinks=False):
                yield entry.path


def _mode(path: str, target: str) -> int:
    try:
        return Path(target).lstat().st_mode
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error

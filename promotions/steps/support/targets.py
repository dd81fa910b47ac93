"""Which existing file does a path mean, if it may not leave the work directory?

Unlike ``secure_join`` this refuses a path that tries to, and never follows the last link.
Source: Kargo's ``delete`` step.
"""

import fnmatch
import os
from pathlib import Path, PurePosixPath

from common.errors import InvalidError

TRAVERSAL = "path attempts to traverse outside the working directory"
PRIVATE = "repo-*"
"""Top-level directories that hold a promotion's Git repositories and credentials."""


def find_target(root: str, path: str) -> Path | None:
    """Return the real path of what ``path`` names inside ``root``, or ``None`` if nothing is there.

    A link as the last component is the target itself, also with a slash behind it.

    Raises:
        InvalidError: The path leads outside, is the root itself or is private to the platform.
        OSError: A directory on the way cannot be examined.
    """
    real_root = os.path.realpath(root)
    lexical = os.path.normpath(f"{real_root}/{path}")
    if not _is_below(lexical, real_root):
        raise InvalidError(TRAVERSAL)
    try:
        parent = Path(lexical).parent.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError):
        return None
    if parent != Path(real_root) and not _is_below(str(parent), real_root):
        raise InvalidError(TRAVERSAL)
    target = parent / PurePosixPath(lexical).name
    if is_private(real_root, str(target.relative_to(real_root))):
        raise InvalidError(f'path "{path}" belongs to the platform')
    return target if os.path.lexists(target) else None


def is_private(root: str, relative: str) -> bool:
    """Return whether a path lies in a directory where ``git-clone`` keeps a bare repository."""
    top = relative.split("/", 1)[0]
    return fnmatch.fnmatchcase(top, PRIVATE) and Path(root, top, "repo", "HEAD").exists()


def _is_below(path: str, root: str) -> bool:
    return path.startswith(f"{root.rstrip('/')}/")

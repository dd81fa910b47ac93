"""Which existing file does a path mean, if it may not leave the work directory?

Unlike ``secure_join`` this refuses a path that tries to, and never follows the last link.
Source: Kargo's ``delete`` step.
"""

import os
from pathlib import Path, PurePosixPath

from common.errors import InvalidError
from promotions.steps.support.workdir import is_private, secure_join

TRAVERSAL = "path attempts to traverse outside the working directory"


def find_target(root: str, path: str) -> Path | None:
    """Return the real path of what ``path`` names inside ``root``, or ``None`` if nothing is there.

    A link as the last component is the target itself, also with a slash behind it.

    Raises:
        InvalidError: The path leads outside, is the root itself or is private to the platform.
        OSError: A directory on the way cannot be examined, or links form a loop.
    """
    real_root = os.path.realpath(root)
    lexical = os.path.normpath(f"{real_root}/{path}")
    if not _is_below(lexical, real_root):
        raise InvalidError(TRAVERSAL)
    try:
        # Not Path.resolve: a loop of links is a RuntimeError to it.
        parent = Path(os.path.realpath(Path(lexical).parent, strict=True))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if parent != Path(real_root) and not _is_below(str(parent), real_root):
        raise InvalidError(TRAVERSAL)
    target = parent / PurePosixPath(lexical).name
    if is_private(real_root, str(target.relative_to(real_root))):
        raise _private(path)
    return target if os.path.lexists(target) else None


def refuse_private(root: str, path: str) -> None:
    """Refuse a path that leads into what belongs to the platform, once its links are followed.

    Raises:
        InvalidError: It does.
        OSError: Its links form a loop.
    """
    if is_private(root, secure_join(root, path)):
        raise _private(path)


def _private(path: str) -> InvalidError:
    return InvalidError(f'path "{path}" belongs to the platform')


def _is_below(path: str, root: str) -> bool:
    return path.startswith(f"{root.rstrip('/')}/")

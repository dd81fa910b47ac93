"""Slash-separated paths as Go's ``path`` and ``path/filepath`` (on Unix) treat them.

Python's ``posixpath`` differs: it keeps two leading slashes, and joins from the last absolute part.
"""

import posixpath

from common.errors import InvalidError

_UP = ".."


def clean(path: str) -> str:
    """Return the shortest path that means the same; ``.`` for the empty one."""
    normal = posixpath.normpath(path)
    return normal[1:] if normal.startswith("//") else normal


def join(*parts: str) -> str:
    """Return the clean path that the parts form together; empty parts add nothing."""
    given = [part for part in parts if part]
    return clean("/".join(given)) if given else ""


def relative(path: str, *, base: str) -> str:
    """Return the clean path that leads from ``base`` to ``path``.

    Raises:
        InvalidError: One is absolute and the other is not, or ``base`` lies above where the two
            part ways by an unknown number of names.
    """
    if path.startswith("/") != base.startswith("/"):
        raise _unrelated(path, base)
    here, there = _names(base), _names(path)
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    rest = here[shared:]
    if rest and rest[0] == _UP:
        raise _unrelated(path, base)
    return "/".join([_UP] * len(rest) + there[shared:]) or "."


def _names(path: str) -> list[str]:
    return [name for name in clean(path).split("/") if name not in {"", "."}]


def _unrelated(path: str, base: str) -> InvalidError:
    return InvalidError(f"{path!r} cannot be reached from {base!r}.")

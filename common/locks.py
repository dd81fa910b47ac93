"""Locks that hold between processes of one host, by ``flock`` on a file.

The kernel drops a lock when its holder dies, so a killed worker never leaves one behind.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from common.errors import ConflictError

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05


@contextmanager
def file_lock(path: Path, *, timeout: timedelta) -> Iterator[None]:
    """Hold the exclusive lock on ``path``, which is created and never removed.

    It holds between threads too: every call opens the file anew. It is not re-entrant.

    Raises:
        ConflictError: Somebody else held it for all of ``timeout``.
        OSError: The file cannot be created.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, path=path, deadline=time.monotonic() + timeout.total_seconds())
        yield
    finally:
        os.close(descriptor)


@contextmanager
def directory_lock(path: Path) -> Iterator[bool]:
    """Try to hold the exclusive lock on the directory ``path``; yield whether it is held.

    Does not wait, and leaves no file behind.

    Raises:
        OSError: The directory is not there.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _try(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def shared_directory_lock(path: Path, *, timeout: timedelta) -> Iterator[bool]:
    """Hold a lock on the directory ``path`` that others may share, but not :func:`directory_lock`.

    Yields whether the directory is still the one at ``path``: who held it alone may have moved it.

    Raises:
        ConflictError: Somebody else held it alone for all of ``timeout``.
        OSError: The directory is not there.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        deadline = time.monotonic() + timeout.total_seconds()
        _acquire(descriptor, path=path, deadline=deadline, kind=fcntl.LOCK_SH)
        yield _is_at(descriptor, path)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, *, path: Path, deadline: float, kind: int = fcntl.LOCK_EX) -> None:
    pause = _FIRST_PAUSE
    while not _try(descriptor, kind):
        if time.monotonic() >= deadline:
            raise ConflictError(
                f"Another process has held {path.name} for too long; try again later.",
                code="lock_timeout",
            )
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _try(descriptor: int, kind: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""Makes django-q2's processes survive the sudden death of any one of them.

Its queues are guarded by semaphores, which outlive a process that dies holding one: an idle
worker killed while it waits for a task leaves the whole cluster waiting for ever. Record locks are
dropped by the kernel instead. Children that outlive their parent are the other wedge: here they
die with it.

This replaces names inside ``django_q.cluster``, so it is tied to one version; the tests that kill
every kind of process say whether it still holds for another.
"""

import ctypes
import errno
import fcntl
import importlib.metadata
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from types import TracebackType
from typing import Self

from django.core.exceptions import ImproperlyConfigured
from django_q import cluster, queues

logger = logging.getLogger(__name__)

PROVED_VERSION = "1.11.1"
_PR_SET_PDEATHSIG = 1
_PAUSE_SECONDS = 0.001


class RecordLock:
    """A lock between processes that ends with its holder; the holder may take it again.

    It does not hold between threads of one process; django-q2 needs none that does.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- open as long as the lock
        self._holder = 0
        self._depth = 0

    def acquire(
        self,
        block: bool = True,  # noqa: FBT001, FBT002 -- multiprocessing.Lock's signature
        timeout: float | None = None,
    ) -> bool:
        """Take the lock; return whether it was taken, as ``multiprocessing.Lock`` does."""
        if self._holder == os.getpid() and self._depth:
            self._depth += 1
            return True
        deadline = None if timeout is None else time.monotonic() + timeout
        if not self._wait(block=block, deadline=deadline):
            return False
        self._holder, self._depth = os.getpid(), 1
        return True

    def release(self) -> None:
        """Give up one hold."""
        self._depth -= 1
        if not self._depth:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __del__(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def _wait(self, *, block: bool, deadline: float | None) -> bool:
        operation = fcntl.LOCK_EX if block and deadline is None else fcntl.LOCK_EX | fcntl.LOCK_NB
        while True:
            try:
                fcntl.lockf(self._file, operation)
            except OSError as error:
                if not _is_busy(error) or not block:
                    return _refuse(error)
                if deadline is not None and time.monotonic() >= deadline:
                    return False
                time.sleep(_PAUSE_SECONDS)
            else:
                return True


def _is_busy(error: OSError) -> bool:
    # The kernel suspects a deadlock where two threads of one process wait for different locks.
    return error.errno in {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


def _refuse(error: OSError) -> bool:
    if _is_busy(error):
        return False
    raise error


class _Queue(queues.Queue):  # type: ignore[misc]  # django-q2 has no types
    """django-q2's queue with record locks."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._rlock = RecordLock()
        self._wlock = RecordLock()
        self.size.count = _value("i", 0)


def _value(typecode: str, initial: float) -> object:
    return multiprocessing.Value(typecode, initial, lock=RecordLock())  # type: ignore[call-overload]  # a lock by its methods, as its check asks


def install() -> None:
    """Put the locks into django-q2 and bind every process forked from now on to its parent.

    Does nothing but warn where the kernel is not Linux; the supervisor's watch remains.

    Raises:
        ImproperlyConfigured: django-q2 is not the version that this was proved with.
    """
    version = importlib.metadata.version("django-q2")
    if version != PROVED_VERSION:
        raise ImproperlyConfigured(
            f"django-q2 {version} is installed, but the worker's locks were proved with "
            f"{PROVED_VERSION}. Install that, or run tests/functional/workers against the new "
            "version and change PROVED_VERSION."
        )
    if sys.platform != "linux":
        logger.warning("a killed process can stall the cluster here: no record locks installed")
        return
    cluster.Queue = _Queue
    cluster.Value = _value
    os.register_at_fork(after_in_child=die_with_parent)


def die_with_parent() -> None:
    """Ask the kernel to kill this process as soon as its parent has died; Linux only."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

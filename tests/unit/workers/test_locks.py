"""Locks that end with their holder."""

import importlib.metadata
import os
import signal
import time

import pytest
from django.core.exceptions import ImproperlyConfigured

from kargo_platform.workers import locks
from kargo_platform.workers.locks import RecordLock


def test_a_lock_held_by_another_process_is_not_taken_until_that_dies() -> None:
    lock = RecordLock()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:  # pragma: no cover -- the other process
        lock.acquire()
        os.write(writer, b"held")
        time.sleep(60)
    os.read(reader, 4)

    is_taken_early = lock.acquire(timeout=0.01), lock.acquire(block=False)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert is_taken_early == (False, False)
    assert lock.acquire(timeout=5)


def test_the_holder_may_take_the_lock_again() -> None:
    lock = RecordLock()

    with lock, lock:
        pass

    assert lock.acquire(block=False)


def test_another_version_of_django_q2_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.12.0")

    with pytest.raises(ImproperlyConfigured, match=r"1\.12\.0 is installed"):
        locks.install()

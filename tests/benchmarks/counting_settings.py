"""The platform's settings, with which every process counts the SQL statements that it sends.

Each counts in a file of its own in ``STATEMENTS_DIR``, so that nobody waits for anybody.
"""

import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created

from kargo_platform.settings.main import *  # noqa: F403 -- all of them

_COUNT = struct.Struct("<q")


class _Counter:
    """Counts statements; goes on from nothing in a process that was forked."""

    def __init__(self) -> None:
        self._pid, self._count = 0, 0
        self._file: mmap.mmap | None = None

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        if self._file is None or self._pid != os.getpid():
            self._file = self._opened()
        self._count += 1
        _COUNT.pack_into(self._file, 0, self._count)
        return execute(*arguments)

    def _opened(self) -> mmap.mmap:
        self._pid, self._count = os.getpid(), 0
        path = Path(os.environ["STATEMENTS_DIR"]) / f"statements-{self._pid}"
        path.write_bytes(_COUNT.pack(0))
        with path.open("r+b") as file:
            return mmap.mmap(file.fileno(), _COUNT.size)


_counter = _Counter()


def _count_statements(connection: Any, **_: object) -> None:
    if _counter not in connection.execute_wrappers:
        connection.execute_wrappers.append(_counter)


if "STATEMENTS_DIR" in os.environ:
    connection_created.connect(_count_statements)


def statements_of_others(folder: Path) -> int:
    """Return how many statements all processes but this one have sent so far."""
    files = (it for it in folder.glob("statements-*") if it.name != f"statements-{os.getpid()}")
    return sum(_COUNT.unpack(it.read_bytes())[0] for it in files)

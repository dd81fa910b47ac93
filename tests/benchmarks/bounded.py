"""Runs a benchmark's process for a bounded time; what it started ends with it."""

import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

import psutil  # type: ignore[import-untyped]  # its stubs are not installed

from tests.functional.workers.processes import ROOT

_GRACE_SECONDS = 30


def run_bounded(
    arguments: Sequence[str],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    errors: IO[str] | None = None,
) -> int | None:
    """Run ``python -m`` with these arguments; return its exit code, ``None`` if it took too long.

    It is interrupted first, so that it can stop its workers and databases; then all are killed.
    """
    sys.stdout.flush()
    process = subprocess.Popen(  # noqa: S603 -- our own command
        [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stderr=errors
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    except KeyboardInterrupt:
        _end(process)
        raise


def _end(process: "subprocess.Popen[bytes]") -> None:
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_SECONDS)
    process.kill()
    process.wait()
    for child in family:
        with suppress(psutil.NoSuchProcess):
            child.kill()

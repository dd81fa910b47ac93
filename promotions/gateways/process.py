"""Runs one fixed program with a bounded time, bounded memory and nothing left behind.

A child gets its environment from nothing, no standard input unless given, and its own process
group. The group is killed when time or output runs over, and by the :mod:`warden
<promotions.gateways.warden>` when this process itself is killed.
"""

import errno
import math
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from common.errors import InvalidError, UpstreamError
from promotions.gateways import warden

_CHUNK_BYTES = 64 * 1024
_STDERR_BYTES = 64 * 1024
_WATCH_SECONDS = 1.0


class ProcessTimeoutError(UpstreamError):
    """The program ran longer than it may."""

    code = "process_timeout"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=True)


class OutputLimitError(UpstreamError):
    """The program printed more than it may."""

    code = "process_output"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run.

    Attributes:
        argv: Absolute path of the program, then its arguments; never credentials.
        env: All of its environment.
        output_bytes: Most that it may print on standard output.
        start: Starts it, called like ``subprocess.Popen``; may confine what it can reach.
        watch: Called every second or so while it runs; what it raises kills the program.
    """

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    timeout: timedelta
    output_bytes: int
    stdin: bytes = b""
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
    watch: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """How the program ended; ``stderr`` is at most its last 64 KiB."""

    returncode: int
    stdout: bytes
    stderr: bytes


def run(command: Command) -> Completed:
    """Run to the end and return what was printed.

    Raises:
        ProcessTimeoutError: It took longer than ``timeout``.
        OutputLimitError: It printed more than ``output_bytes``.
        InvalidError: An argument or a value of the environment is none that can be.
        OSError: It cannot be started.
    """
    collected = bytearray()
    errors = bytearray()
    with _started(command) as process:
        for chunk in _read(process, command, errors):
            collected += chunk
            if len(collected) > command.output_bytes:
                raise OutputLimitError(f"{_name(command)} printed too much.")
        returncode = _wait(process, command)
    return Completed(returncode, bytes(collected), bytes(errors))


def stream(command: Command) -> Iterator[bytes]:
    """Yield standard output in chunks as it comes; stopping early kills the program.

    ``output_bytes`` does not apply: the reader sees how much there is.

    Raises:
        ProcessTimeoutError: It took longer than ``timeout``.
        ProcessFailedError: It ended with another code than zero.
        InvalidError: An argument or a value of the environment is none that can be.
        OSError: It cannot be started.
    """
    errors = bytearray()
    with _started(command) as process:
        yield from _read(process, command, errors)
        returncode = _wait(process, command)
    if returncode:
        raise ProcessFailedError(returncode, bytes(errors))


class ProcessFailedError(Exception):
    """A streamed program failed; holds its exit code and the end of its error output."""

    def __init__(self, returncode: int, stderr: bytes) -> None:
        super().__init__(f"exit code {returncode}")
        self.returncode = returncode
        self.stderr = stderr


@contextmanager
def _started(command: Command) -> Iterator[subprocess.Popen[bytes]]:
    warden.prepare()
    with _stdin(command.stdin) as stdin, _usable_values(command):
        # No preexec_fn: with it Python forks instead of vforking, which costs 12 ms in a worker
        # of 200 MB; the warden does what PR_SET_PDEATHSIG would have done.
        process = command.start(
            list(command.argv),
            cwd=command.cwd,
            env=dict(command.env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
    warden.watch(process.pid)
    try:
        yield process
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        warden.forget(process.pid)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


@contextmanager
def _usable_values(command: Command) -> Iterator[None]:
    """Say so if what somebody configured can be in no argument and no environment."""
    try:
        yield
    except ValueError as error:
        raise InvalidError("A value holds a NUL character; remove it.") from error
    except OSError as error:
        if error.errno != errno.E2BIG:
            raise
        raise InvalidError(f"A value is too long to be given to {_name(command)}.") from error


@contextmanager
def _stdin(content: bytes) -> Iterator[int | IO[bytes]]:
    if not content:
        yield subprocess.DEVNULL
        return
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        yield file


def _read(process: subprocess.Popen[bytes], command: Command, errors: bytearray) -> Iterator[bytes]:
    deadline = time.monotonic() + command.timeout.total_seconds()
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ)
        look_at = time.monotonic()
        while selector.get_map():
            look_at = _looked(command, look_at)
            ready = selector.select(max(0.0, min(deadline, look_at) - time.monotonic()))
            if not ready and time.monotonic() >= deadline:
                raise ProcessTimeoutError(f"{_name(command)} took longer than {command.timeout}.")
            for key, _ in ready:
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is process.stdout:
                    yield chunk
                else:
                    errors += chunk
                    del errors[:-_STDERR_BYTES]


def _looked(command: Command, look_at: float) -> float:
    """Let the command's watch look if it is time to; return when it is next."""
    if command.watch is None:
        return math.inf
    if time.monotonic() < look_at:
        return look_at
    command.watch()
    return time.monotonic() + _WATCH_SECONDS


def _wait(process: subprocess.Popen[bytes], command: Command) -> int:
    try:
        return process.wait(timeout=command.timeout.total_seconds())
    except subprocess.TimeoutExpired as error:
        raise ProcessTimeoutError(f"{_name(command)} does not end.") from error


def _name(command: Command) -> str:
    verb = next((part for part in command.argv[1:] if not part.startswith("-")), "")
    return f"{Path(command.argv[0]).name} {verb}".strip()

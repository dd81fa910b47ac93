"""Runs the server and a worker as children of one command, and ends them with it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import httpx

from common.errors import UpstreamError

MANAGE = Path(__file__).resolve().parents[1] / "manage.py"
_POLL_SECONDS = 0.1
_GRACE_SECONDS = 15


@dataclass(slots=True)
class Children:
    """Child processes in groups of their own; leaving the block ends them.

    Attributes:
        log: File that their output is appended to.
    """

    log: Path
    running: list[tuple[str, "subprocess.Popen[bytes]"]] = field(default_factory=list)

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _, child in self.running:
            _signal(child, signal.SIGTERM)
        for _, child in self.running:
            _reap(child)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a child."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 - fixed commands of our own
                list(command), stdout=output, stderr=output, start_new_session=True
            )
        self.running.append((name, child))

    def check(self) -> None:
        """Raise if a child has ended.

        Raises:
            UpstreamError: One has; the message says where its output is.
        """
        for name, child in self.running:
            code = child.poll()
            if code is not None:
                raise UpstreamError(
                    f"The {name} ended with exit code {code}; see {self.log}.", retryable=False
                )


def start_server(children: Children, *, port: int) -> str:
    """Start the web server on the loopback address and return its URL once it answers.

    Raises:
        UpstreamError: It did not within 30 seconds.
    """
    address = f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", "uvicorn", "kargo_platform.asgi:application"]
    children.start(
        "server", [*server, "--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        children.check()
        try:
            httpx.Client(timeout=1).get(f"{address}/healthz")
        except httpx.TransportError:
            time.sleep(_POLL_SECONDS)
        else:
            return address
    raise UpstreamError(f"The server does not answer; see {children.log}.", retryable=True)


def start_worker(children: Children) -> None:
    """Start a supervised worker cluster for the default shard."""
    children.start("worker", [sys.executable, str(MANAGE), "worker"])


def free_port(preferred: int) -> int:
    """Return ``preferred`` if nothing listens there, else a port that is free now."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise UpstreamError("No port is free on the loopback address.", retryable=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End the block in the same way whether Ctrl-C or a service manager asks, and only once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _signal(child: "subprocess.Popen[bytes]", number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def _reap(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()

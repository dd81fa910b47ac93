"""Runs our own programs as processes of their own, as an operator does, and waits for servers."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
_READY_SECONDS = 120.0
_STOP_SECONDS = 20.0
_SERVER = ("-m", "uvicorn", "kargo_platform.asgi:application", "--log-level=warning")


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_of(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of an installation that keeps everything in ``folder``."""
    return {name: it for name, it in os.environ.items() if name != "DATABASE_URL"} | {
        "KARGO_VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        **settings,
    }


def run(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run a Python program of ours to its end, and return what it prints.

    Raises:
        subprocess.CalledProcessError: It fails.
    """
    return subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


@contextmanager
def running(
    command: list[str], environment: Mapping[str, str], *, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program until the block ends; what it prints is added to ``log``."""
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            command, cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=_STOP_SECONDS)


@contextmanager
def serving(
    environment: Mapping[str, str], *, log: Path, port: int = 0, options: tuple[str, ...] = ()
) -> Iterator[str]:
    """Run our server until the block ends; give its address once it answers."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, *_SERVER, f"--port={port}", *options]
    with running(command, environment, log=log):
        wait_for(f"{address}/healthz")
        yield address


def wait_for(url: str) -> None:
    """Return once a server answers, be it with a refusal."""
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            try:
                if not client.get(url).is_server_error:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
    pytest.fail(f"nothing answered at {url} within {_READY_SECONDS} s")

"""A real server, as an operator runs it, with scenes of its own."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[3]
HOST = "kargo.example.com"
_READY_SECONDS = 40.0


@contextmanager
def serving(folder: Path, settings: Mapping[str, str]) -> Iterator[int]:
    """Run a server on a new database with the director's scene; give its port on loopback."""
    environment = {name: it for name, it in os.environ.items() if name != "DATABASE_URL"} | {
        "KARGO_VAR_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        **settings,
    }
    for arguments in (
        ["manage.py", "migrate", "--verbosity=0"],
        ["manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        ["-m", "tests.functional.hostile_web.director"],
    ):
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own programs
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", "kargo_platform.asgi:application", f"--port={port}"]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--log-level=warning"], cwd=ROOT, env=environment, stderr=log
        )
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=20)


def talk(port: int, request: bytes) -> bytes:
    """Return what the server answers to these very bytes; empty if it hangs up."""
    answer = b""
    closing = request.replace(b" HTTP/1.1\r\n", b" HTTP/1.1\r\nConnection: close\r\n", 1)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        try:
            connection.sendall(closing)
            while not _is_whole(answer) and (piece := connection.recv(65_536)):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            return answer
    return answer


def _is_whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"\r\ncontent-length: (\d+)", head.lower())
    return bool(blank) and length is not None and len(body) >= int(length[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    with httpx.Client() as client:
        while time.monotonic() < deadline:
            try:
                client.get(f"http://127.0.0.1:{port}/healthz")
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
    pytest.fail(f"the server did not answer within {_READY_SECONDS} s")

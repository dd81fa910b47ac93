"""A real server, as an operator runs it, with scenes of its own."""

import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import environment_of, free_port, run, serving

HOST = "kargo.example.com"


@contextmanager
def serving_scene(blank: Path, folder: Path, **settings: str) -> Iterator[int]:
    """Run a server on a copy of ``blank`` with the director's scene; give its port on loopback."""
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    environment = environment_of(folder, **settings)
    run("-m", "tests.functional.hostile_web.director", environment=environment)
    port = free_port()
    with serving(environment, log=folder / "server.log", port=port):
        yield port


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

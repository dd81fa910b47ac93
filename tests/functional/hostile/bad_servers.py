"""Servers that answer wrongly, slowly or for ever, whatever they are asked."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_METADATA = "http://169.254.169.254/latest/meta-data/"
_PAUSE_SECONDS = 0.05

Answer = Callable[[socket.socket, threading.Event], None]
"""Answers on one connection until it is done, or the event is set."""


def sends(*pieces: bytes) -> Answer:
    """Return an answer of these bytes."""

    def answer(connection: socket.socket, over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def _goes_on(start: bytes, piece: bytes, *, slowly: bool = False) -> Answer:
    def answer(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(start)
        while not over.wait(_PAUSE_SECONDS if slowly else 0):
            connection.sendall(piece)

    return answer


def _waits(connection: socket.socket, over: threading.Event) -> None:
    over.wait()


def _redirect(target: str) -> bytes:
    return f"HTTP/1.1 307 Gone\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()


def _packed() -> bytes:
    bomb = gzip.compress(b" " * 300_000_000, compresslevel=1)
    return _OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb


WRONG: Mapping[str, Answer] = {
    "hangs up": sends(),
    "garbage": sends(b"\x00\xff" * 500),
    "not http": sends(b"220 mail.example.com ESMTP\r\n"),
    "a status of its own": sends(b"HTTP/1.1 999 What\r\nContent-Length: 2\r\n\r\n{}"),
    "no status": sends(b"HTTP/1.1 \r\n\r\n"),
    "a negative length": sends(_OK + b"Content-Length: -5\r\n\r\n{}"),
    "two lengths": sends(_OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "cut off": sends(_OK + b"Content-Length: 1000\r\n\r\n{"),
    "a cut chunk": sends(_OK + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"),
    "no chunk": sends(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
    "endless headers": _goes_on(_OK, b"X: " + b"y" * 60_000 + b"\r\n"),
    "one endless header": _goes_on(_OK + b"X: ", b"y" * 60_000),
    "an endless body": _goes_on(_OK + b"\r\n", b" " * 1_000_000),
    "to metadata": sends(_redirect(_METADATA)),
    "to files": sends(_redirect("file:///etc/passwd")),
    "in circles": sends(_redirect("/again")),
    "gzip that is none": sends(_OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    "no JSON": sends(_OK + b"Content-Length: 1\r\n\r\n{"),
    "deep JSON": sends(_OK + b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000),
    "no Unicode": sends(_OK + b"Content-Length: 2\r\n\r\n\xff\xfe"),
}
BOMB: Mapping[str, Callable[[], bytes]] = {"a bomb": _packed}
SLOW: Mapping[str, Answer] = {
    "never": _waits,
    "a byte of a header at a time": _goes_on(_OK + b"X: ", b"y", slowly=True),
    "a byte at a time": _goes_on(_OK + b"\r\n", b" ", slowly=True),
}


@contextmanager
def bad_server(answer: Answer) -> Iterator[str]:
    """Answer every connection on loopback so; gives ``127.0.0.1:port``."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while not over.is_set():
                with suppress(OSError):
                    connection, _ = listener.accept()
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()

        def talk(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                connection.settimeout(5)
                connection.recv(65536)
                answer(connection, over)
                connection.shutdown(socket.SHUT_WR)
                connection.recv(65536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)

"""A server on loopback that answers as it is told, and remembers what it was asked."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One response; ``cut`` announces more than is sent, ``delay`` is waited out before it."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    delay: float = 0.0


def answer_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        json.dumps(value).encode(), status, {"Content-Type": "application/json", **headers}
    )


HTML = Answer(b"<!doctype html><title>Sign in</title>", 200, {"Content-Type": "text/html"})

Rule = Callable[[Asked], Answer]


@dataclass
class MetricServer:
    """Answers by ``rule``.

    Attributes:
        asked: What came in, in order.
    """

    rule: Rule = lambda _asked: answer_json({})
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    @property
    def paths(self) -> list[str]:
        return [f"{it.method} {it.path}" for it in self.asked]


@contextmanager
def metric_server(
    rule: Rule | None = None, *, tls: ssl.SSLContext | None = None
) -> Iterator[MetricServer]:
    """Serve on a free port of loopback."""
    fake = MetricServer() if rule is None else MetricServer(rule)
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            parts = urlsplit(self.path)
            asked = Asked(
                self.command,
                parts.path,
                parse_qs(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            fake.asked.append(asked)
            answer = fake.rule(asked)
            ends = time.monotonic() + answer.delay
            while time.monotonic() < ends and not over.wait(0.05):
                pass
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) + 100 * answer.cut))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                pass  # whoever asked has given up
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815  names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    fake.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)

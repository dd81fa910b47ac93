"""An HTTP proxy in front of a fake: kills the worker when a request comes, or before the answer."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import ClassVar
from urllib.parse import urlsplit

from tests.functional.kills.mortal import Moment, Reaper

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Effect:
    """Which requests have the effect: a method, and patterns of path with query and of content."""

    method: str
    path: str
    content: bytes = b""

    def is_asked_by(self, method: str, path: str, content: bytes) -> bool:
        return (
            method == self.method
            and re.search(self.path, path) is not None
            and re.search(self.content, content) is not None
        )


@dataclass
class KillingProxy:
    """Passes everything on to ``upstream``, and meets ``effect`` as the reaper says."""

    upstream: str
    effect: Effect
    reaper: Reaper
    url: str = ""
    effects: list[str] = field(default_factory=list)

    def passed(self, handler: BaseHTTPRequestHandler, content: bytes) -> "Passed | None":
        """Return the upstream's answer; nothing if the worker is dead."""
        is_effect = self.effect.is_asked_by(handler.command, handler.path, content)
        if is_effect and self.reaper.strike(Moment.BEFORE):
            return None
        answer = self._ask(handler, content)
        if is_effect:
            self.effects.append(f"{handler.command} {handler.path} {answer.status}")
            if self.reaper.strike(Moment.DURING):
                return None
        return answer

    def _ask(self, handler: BaseHTTPRequestHandler, content: bytes) -> "Passed":
        target = urlsplit(self.upstream)
        connection = http.client.HTTPConnection(target.hostname or "", target.port, timeout=60)
        headers = [(name, value) for name, value in handler.headers.items()
                   if name.lower() not in _HOP]  # fmt: skip
        try:
            connection.putrequest(
                handler.command, handler.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in headers:
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(content)))
            connection.endheaders(content)
            response = connection.getresponse()
            return Passed(response.status, response.getheaders(), response.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Passed:
    """An answer of the upstream."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: ClassVar[KillingProxy]

    def passes(self) -> None:
        answer = self.proxy.passed(self, _content(self))
        if answer is None:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


def _content(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    content = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        content += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return content


@contextmanager
def killing(upstream: str, effect: Effect, reaper: Reaper) -> Iterator[KillingProxy]:
    """Yield a running proxy in front of ``upstream``; its ``url`` has the same path."""
    proxy = KillingProxy(upstream, effect, reaper)
    methods = {f"do_{name}": _Handler.passes for name in _METHODS}
    handler = type("Handler", (_Handler,), {"proxy": proxy, **methods})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_address[1]}{urlsplit(upstream).path}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()

"""An API on a real socket: requests in, answers and endless streams out, faults in between."""

import gzip
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qsl

from tests.fakes.argocd.faults import Fault
from tests.fakes.argocd.recording import Recorded
from tests.fakes.argocd.site import Site
from tests.fakes.argocd.streams import Streaming
from tests.fakes.scm_server import Refusal, Reply, Request

Api: TypeAlias = Callable[[Request], Reply]
RESET = struct.pack("ii", 1, 0)
SMALL_BYTES = 512


class Abandoned(Exception):  # noqa: N818 - it is the caller's doing, not a mistake
    """The caller went away while its answer was waited for."""


class Caller(Request):
    """A request whose caller may go away."""

    is_there: Callable[[], bool] = staticmethod(lambda: True)


@contextmanager
def serving(
    site: Site,
    transport: str,
    api: Api,
    context: ssl.SSLContext | None = None,
    *,
    port: int = 0,
) -> Iterator[str]:
    """Serve an API on loopback until the block ends; yields its address.

    Without a port it is a free one.
    """

    class Handler(_Handler):
        pass

    Handler.site, Handler.transport, Handler.api = site, transport, staticmethod(api)
    server = _Server(("127.0.0.1", port), Handler)
    if context is not None:
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        scheme = "https" if context is not None else "http"
        yield f"{scheme}://127.0.0.1:{server.server_port}"
    finally:
        server.is_open = False
        with site.clock.changed:
            site.clock.changed.notify_all()
        server.shutdown()
        server.socket.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    is_open = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet: callers that hang up are part of the play."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: Site
    transport: str
    api: Callable[[Request], Reply]
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - as above

    def _answer(self) -> None:
        if not self.server.is_open:  # A connection that was kept from before it ended.
            self.close_connection = True
            return
        request = self._request()
        now = self.site.clock.now()
        fault = self.site.faults.meeting(request, self.transport, now)
        reply = self._worked(request, fault)
        self._note(request, fault, reply)
        if fault is not None and fault.delay_seconds:
            self._dawdle(fault.delay_seconds)
        if fault is not None and fault.is_reset:
            self._reset()
            return
        if isinstance(reply, Streaming):
            self._stream(reply)
        elif reply is not None:
            self._send(reply, is_cut_short=fault is not None and fault.is_cut_short)

    def _dawdle(self, seconds: float) -> None:
        if self.site.settings.passing_seconds:
            self.site.clock.advance(seconds)
        else:
            time.sleep(seconds * self.site.settings.second)

    def _worked(self, request: Request, fault: Fault | None) -> Reply | None:
        if fault is not None and fault.replaces_work:
            return fault.reply()
        try:
            reply: Reply | None = self.api(request)
        except Refusal as refusal:
            reply = refusal.reply
        except Abandoned:
            self.close_connection = True
            return None
        return (fault and fault.reply()) or reply

    def _request(self) -> Request:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length") or "0")
        request = Caller(
            method=self.command,
            path=path,
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            content=self.rfile.read(length) if length else b"",
        )
        object.__setattr__(request, "is_there", self._is_there)
        return request

    def _note(self, request: Request, fault: Fault | None, reply: Reply | None) -> None:
        is_lost = reply is None or (fault is not None and fault.is_reset)
        self.site.record.request(
            Recorded(
                self.site.clock.now(),
                self.transport,
                request.method,
                request.path,
                request.query,
                request.content,
                0 if is_lost or reply is None else reply.status,
                request.header("authorization").partition(" ")[2],
            )
        )

    def _is_there(self) -> bool:
        if not self.server.is_open:
            return False
        if isinstance(self.connection, ssl.SSLSocket):
            return True
        readable, _, _ = select.select([self.connection], [], [], 0)
        return not readable or bool(self.connection.recv(1, socket.MSG_PEEK))

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.connection.close()

    def _send(self, reply: Reply, *, is_cut_short: bool) -> None:
        content = reply.content()
        headers = {"Content-Type": "application/json", **dict(reply.headers)}
        takes_gzip = "gzip" in self.headers.get("Accept-Encoding", "")
        if takes_gzip and len(content) > SMALL_BYTES and not is_cut_short:
            content = gzip.compress(content, 1)
            headers["Content-Encoding"] = "gzip"
        self.send_response(reply.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if is_cut_short:
            self.close_connection = True
            content = content[: len(content) // 2]
        if self.command != "HEAD":
            self.wfile.write(content)

    def _stream(self, reply: Streaming) -> None:
        self.close_connection = True
        if not reply.holds_header:
            self._begin(reply)
        is_begun = not reply.holds_header
        for piece in reply.pieces(self._is_there):
            if piece and not is_begun:
                self._begin(reply)
                is_begun = True
            if piece:
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
        if not is_begun:
            self._begin(reply)
        if self.server.is_open:
            self.wfile.write(b"0\r\n\r\n")

    def _begin(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()

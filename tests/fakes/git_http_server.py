"""A real smart-HTTP Git server on the loopback: ``git http-backend`` behind Basic auth."""

import base64
import binascii
import os
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import InputStream, StartResponse, WSGIEnvironment

_CHUNK = 64 * 1024
_PACK_FOLLOWS = b"000dpackfile\n"


def _backend() -> str:
    found = subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True)  # noqa: S607 - the tests want PATH's git
    return str(Path(found.stdout.strip()) / "git-http-backend")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@dataclass
class GitHTTPServer:
    """Serves the bare repositories in ``root`` to ``users``; to everybody if there are none.

    ``requests`` counts by ``<service>`` or path: ``git-upload-pack``, ``git-receive-pack`` for
    requests to the two services, ``refs:git-upload-pack`` for the greeting of either.
    ``fetches`` counts the packs that were sent to those who fetched; ``authorizations`` are the
    headers of that name. ``moved`` has the new paths of repositories by their old ones.
    """

    root: Path
    users: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    fetches: int = 0
    authorizations: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    url: str = ""
    delay: Callable[[], None] = lambda: None

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        self.authorizations.append(environ.get("HTTP_AUTHORIZATION", ""))
        user = self._user(environ.get("HTTP_AUTHORIZATION", ""))
        if user is None:
            self.requests["refused"] += 1
            respond("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b""]
        self._count(environ)
        target = self._moved(environ)
        if target:
            respond("301 Moved Permanently", [("Location", target)])
            return [b""]
        self.delay()
        done = subprocess.run(  # noqa: S603 - Git's own program
            [_BACKEND],
            input=_body(environ),
            env=self._environment(environ, user),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        head, _, payload = done.stdout.partition(b"\r\n\r\n")
        self.fetches += _PACK_FOLLOWS in payload
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if line]
        status = next((value for name, value in headers if name.lower() == "status"), "200 OK")
        respond(status, [(name, value) for name, value in headers if name.lower() != "status"])
        return [payload]

    def _user(self, header: str) -> str | None:
        if not self.users:
            return "anybody"
        try:
            pair = base64.b64decode(header.partition(" ")[2]).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        name, _, password = pair.partition(":")
        return name if self.users.get(name) == password and password else None

    def _moved(self, environ: WSGIEnvironment) -> str:
        """Return where the request should go instead, if the repository has moved."""
        _, old, rest = environ["PATH_INFO"].split("/", 2)
        new = self.moved.get(old)
        return f"{self.url}/{new}/{rest}?{environ['QUERY_STRING']}" if new else ""

    def _count(self, environ: WSGIEnvironment) -> None:
        service = environ.get("QUERY_STRING", "").removeprefix("service=")
        tail = environ["PATH_INFO"].rpartition("/")[2]
        self.requests[f"refs:{service}" if tail == "refs" else tail] += 1

    def _environment(self, environ: WSGIEnvironment, user: str) -> dict[str, str]:
        passed = ("PATH_INFO", "QUERY_STRING", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH")
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "HTTP_CONTENT_ENCODING": environ.get("HTTP_CONTENT_ENCODING", ""),
            "GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": "127.0.0.1",
            **{name: environ.get(name, "") for name in passed},
        }


@contextmanager
def serving(root: Path, *, users: dict[str, str] | None = None) -> Iterator[GitHTTPServer]:
    """Serve ``root`` on a free port until the block ends."""
    application = GitHTTPServer(root=root, users=users or {})
    with make_server("127.0.0.1", 0, application, _Server, _Quiet) as server:
        application.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield application
        finally:
            server.shutdown()
            thread.join()


def _body(environ: WSGIEnvironment) -> bytes:
    stream: InputStream = environ["wsgi.input"]
    length = int(environ.get("CONTENT_LENGTH") or "0")
    if length:
        return stream.read(length)
    if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        return b"".join(iter(lambda: _chunk(stream), b""))
    return b""


def _chunk(stream: InputStream) -> bytes:
    size = int(stream.readline().split(b";")[0], 16)
    content = stream.read(size)
    stream.readline()
    return content


_BACKEND = _backend()

"""A host that answers Git's requests as a test says: wrongly, slowly, elsewhere or for ever."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ADVERTISEMENT = "application/x-git-upload-pack-advertisement"
RESULT = "application/x-git-upload-pack-result"


@dataclass(frozen=True)
class Reply:
    """What to answer; ``chunks`` may come slowly, or never end."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    chunks: Iterable[bytes] = ()


@dataclass(frozen=True)
class Asked:
    """A request: its method and path, and its headers by name in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedHost:
    """Answers by ``script``, and keeps what it was ``asked``."""

    script: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list)
    url: str = ""


@contextmanager
def scripted(script: Callable[[Asked], Reply]) -> Iterator[ScriptedHost]:
    """Serve ``script`` on a free port until the block ends."""
    host = ScriptedHost(script)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def packet(text: str | bytes) -> bytes:
    """Return one packet line of Git's protocol."""
    content = text.encode() if isinstance(text, str) else text
    return f"{len(content) + 4:04x}".encode() + content


def advertisement(*refs: str) -> Reply:
    """Answer the first request with ``refs``, each ``<id> <name>``, in protocol version 0."""
    first, *others = refs
    lines = [packet("# service=git-upload-pack\n"), b"0000"]
    lines += [packet(f"{first}\0side-band-64k ofs-delta\n"), *(packet(f"{it}\n") for it in others)]
    return Reply(headers=(("Content-Type", ADVERTISEMENT),), chunks=[*lines, b"0000"])


def _handler(host: ScriptedHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, body)
            host.asked.append(asked)
            reply = host.script(asked)
            try:
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.end_headers()
                for chunk in reply.chunks:
                    self.wfile.write(chunk)
            except OSError:  # the client has had enough
                pass

    return Handler

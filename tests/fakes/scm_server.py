"""What the fakes of JSON APIs share: a real HTTP server, a table of routes, and planned faults.

A fake is a function or object that takes a :class:`Request` and returns a :class:`Reply`; give it
to :func:`serving_api`. :class:`Routes` finds the handler by method and path, and answers 404 and
405 itself. A :class:`Site` also serves Git beside the API, as a real host does.
"""

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from socketserver import ThreadingMixIn
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from common.jsontypes import JSONValue

Json: TypeAlias = dict[str, JSONValue]
RAW_PATH = "scm_server.raw_path"


@dataclass(frozen=True)
class Request:
    """What was sent. ``path`` is as sent, still quoted, and without the query."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")

    def param(self, name: str) -> str:
        """Return the last value of a query parameter, or an empty string."""
        return dict(self.query).get(name, "")

    def params(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]

    @property
    def body(self) -> Json:
        """The JSON object that was sent; empty if it is anything else."""
        try:
            parsed = json.loads(self.content)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


@dataclass(frozen=True)
class Reply:
    """What is answered; ``raw`` is sent as it is, instead of JSON."""

    status: int
    body: JSONValue = None
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None

    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


Api: TypeAlias = Callable[[Request], Reply]
Handler: TypeAlias = Callable[..., Reply]


class Refusal(Exception):  # noqa: N818 - it is an answer, not a mistake
    """Raised in a handler to answer at once."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.reply = reply


def refuse(reply: Reply, *, when: object) -> None:
    """Answer at once with ``reply`` if ``when`` is true."""
    if when:
        raise Refusal(reply)


@dataclass
class Routes:
    """Handlers by method and path; ``{name}`` in a path stands for one part, unquoted."""

    table: Sequence[tuple[str, str, Handler]]
    missing: Reply = Reply(404, {"message": "Not Found"})

    def __call__(self, request: Request) -> Reply:
        other_method = False
        for method, pattern, handler in self.table:
            found = _pattern(pattern).fullmatch(request.path)
            if found is None:
                continue
            if method == request.method:
                parts = {name: unquote(value) for name, value in found.groupdict().items()}
                try:
                    return handler(request, **parts)
                except Refusal as refusal:
                    return refusal.reply
            other_method = True
        return Reply(405, {"message": "Method Not Allowed"}) if other_method else self.missing


@dataclass
class Fault:
    """One thing that goes wrong, once, with a request that matches ``method`` and ``path``.

    ``before`` answers in the fake's place; ``after`` answers when the fake has done its work, so
    that the effect is there and its answer lost; ``hold`` is called before anything else.
    """

    method: str = ""
    path: str = ""
    before: Reply | None = None
    after: Reply | None = None
    hold: Callable[[], None] = lambda: None

    def meets(self, request: Request) -> bool:
        return (
            self.method in {"", request.method} and re.search(self.path, request.path) is not None
        )


@dataclass
class ApiServer:
    """A running fake: where it is, what it was asked, and what shall go wrong."""

    api: Api
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, *faults: Fault) -> None:
        """Plan faults; each is used up by the first request that it meets."""
        self.faults.extend(faults)

    def sent(self, method: str, path: str = "") -> list[Request]:
        """Return the requests so far with this method, whose path has this in it."""
        return [it for it in self.requests if it.method == method and path in it.path]

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        request = _request(environ)
        self.requests.append(request)
        fault = next((it for it in self.faults if it.meets(request)), None)
        if fault is not None:
            self.faults.remove(fault)
            fault.hold()
        reply = (fault and fault.before) or self.api(request)
        if fault is not None:
            reply = fault.after or reply
        kinds = {name.lower() for name, _ in reply.headers}
        headers = [] if "content-type" in kinds else [("Content-Type", "application/json")]
        respond(f"{reply.status} -", [*headers, *reply.headers])
        return [reply.content()]


@dataclass
class Site:
    """One host that serves an API below some paths, and Git below all others."""

    api: ApiServer
    git: WSGIApplication
    prefixes: tuple[str, ...]

    def __call__(self, environ: WSGIEnvironment, respond: StartResponse) -> Iterable[bytes]:
        is_api = environ["PATH_INFO"].startswith(self.prefixes)
        return (self.api if is_api else self.git)(environ, respond)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> WSGIEnvironment:
        return {**super().get_environ(), RAW_PATH: self.path.partition("?")[0]}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


@contextmanager
def serving(application: WSGIApplication) -> Iterator[str]:
    """Serve an application on a free port until the block ends; yields its address."""
    with make_server("127.0.0.1", 0, application, _Server, _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving_api(api: Api) -> Iterator[ApiServer]:
    """Serve a fake API on a free port until the block ends."""
    server = ApiServer(api)
    with serving(server) as url:
        server.url = url
        yield server


def page_of(
    items: Sequence[JSONValue], request: Request, *, size: int, page_param: str = "page"
) -> tuple[Sequence[JSONValue], bool]:
    """Return the items of the page that a request asks for, and whether more follow."""
    number = int(request.param(page_param) or "1")
    end = number * size
    return items[end - size : end], end < len(items)


def _request(environ: WSGIEnvironment) -> Request:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers["content-type"] = environ.get("CONTENT_TYPE", "")
    length = int(environ.get("CONTENT_LENGTH") or "0")
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ[RAW_PATH],
        query=tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=headers,
        content=environ["wsgi.input"].read(length) if length else b"",
    )


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    names = parts[1::2]
    literals = [re.escape(part) for part in parts[::2]]
    groups = [f"(?P<{name}>[^/]+)" for name in names] + [""]
    return re.compile("".join(a + b for a, b in zip(literals, groups, strict=True)))

"""What comes over the wire: bodies of nobody are not read, and slow ones end, on a real server."""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from common.clock import now
from projects.models import Project
from rbac.actors import operator_at_console
from rbac.services import issue_token
from tests.factories.domain import make_project
from tests.factories.people import make_admin
from tests.functional.api.wire import Server, serving

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.sqlite_suffices,
]

RESOURCES = "/v1beta1/resources"
BODY_SECONDS = 3.0
PIECE = b"#" * (16 << 10)
WINDOW_BYTES = 8 << 10
"""Small buffers at both ends, so that what was sent is about what was read."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a body that a client keeps sending until it is answered."""

    status: int
    answer: dict[str, str]
    sent_bytes: int
    seconds: float


@pytest.fixture
def project(transactional_db: None) -> Project:
    return make_project()


@pytest.fixture
def token(project: Project) -> str:
    at = now()
    return issue_token(
        make_admin(project),
        name="tests",
        tenant_uid=None,
        expires_at=None,
        actor=operator_at_console("tests"),
        now=at,
    )[1]


@pytest.fixture
def server(project: Project) -> Iterator[Server]:
    with serving(KARGO_REQUEST_BODY_SECONDS=str(BODY_SECONDS)) as running:
        yield running


def test_large_bodies_of_nobody_are_refused_unread(server: Server, token: str) -> None:
    junk = {"Authorization": "Bearer junk.of.somebody"}
    forged = {"Authorization": f"Bearer {token[:-4]}AAAA"}
    session = {"Cookie": "sessionid=abcdefghijklmnopqrstuvwxyz012345"}
    whole = 3 << 20

    for headers in ({}, junk, forged, session):
        for length in (whole, None):
            found = send(server, "POST", RESOURCES, headers, length=length, upto=whole)
            assert found.status == 401, (headers, length)
            assert found.sent_bytes < 1 << 20, (headers, length, found.sent_bytes)


def test_large_bodies_of_members_are_read(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    for length in (3 << 20, None):
        found = send(server, "POST", RESOURCES, headers, length=length, upto=3 << 20)
        assert (found.status, found.answer) == (
            400,
            {"error": "no resources found in request body"},
        )
        assert found.sent_bytes == 3 << 20


def test_bodies_over_the_limits_are_refused(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    roles = "/v1beta1/projects/demo/roles"

    for path, upto in ((RESOURCES, 5 << 20), (roles, 2 << 20)):
        for length in (upto, None):
            found = send(server, "POST", path, headers, length=length, upto=upto)
            assert (found.status, found.answer) == (413, {"error": "request body too large"})
            assert found.sent_bytes <= (10 << 20), (path, length, found.sent_bytes)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
def test_what_is_compressed_is_not_unpacked(server: Server, token: str, encoding: str) -> None:
    import gzip  # noqa: PLC0415

    bomb = gzip.compress(b"#" * (64 << 20))
    headers = {"Authorization": f"Bearer {token}", "Content-Encoding": encoding}

    found = send(server, "POST", RESOURCES, headers, length=len(bomb), upto=len(bomb), piece=bomb)

    assert found.status in {400, 415}
    assert found.seconds < 10


def test_a_body_that_never_ends_is_refused_in_time(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    for length in (1000, None):
        found = send(server, "POST", RESOURCES, headers, length=length, upto=10, piece=b"x")
        assert found.status == 408
        assert "did not arrive in time" in found.answer["error"]
        assert found.seconds < BODY_SECONDS + 10


def test_slow_bodies_keep_nobody_waiting(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    held = [_connect(server) for _ in range(60)]
    try:
        for it in held:
            it.sendall(_head("POST", RESOURCES, headers, length=1000) + b"x")
        found = send(server, "GET", "/v1beta1/projects", headers, length=0, upto=0)
    finally:
        for it in held:
            it.close()

    assert found.status == 200
    assert found.seconds < 10


def send(
    server: Server,
    method: str,
    path: str,
    headers: dict[str, str],
    *,
    length: int | None,
    upto: int,
    piece: bytes = PIECE,
) -> Sent:
    """Send ``upto`` bytes, in chunks or said to be ``length``, until there is an answer."""
    return asyncio.run(
        _send(server, _head(method, path, headers, length=length), length, upto, piece)
    )


async def _send(server: Server, head: bytes, length: int | None, upto: int, piece: bytes) -> Sent:
    loop = asyncio.get_running_loop()
    began = loop.time()
    raw = _connect(server)
    raw.setblocking(False)  # noqa: FBT003 -- the name that Python gave it
    reader, writer = await asyncio.open_connection(sock=raw)
    writer.transport.set_write_buffer_limits(0)
    writer.write(head)
    answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
    sent = 0
    try:
        while sent < upto and not answer.done():
            part = piece[: upto - sent]
            writer.write(part if length is not None else b"%x\r\n%b\r\n" % (len(part), part))
            await writer.drain()
            sent += len(part)
            await asyncio.sleep(0)
        if length is None and sent >= upto and piece != b"x":
            writer.write(b"0\r\n\r\n")
    except ConnectionError:
        pass
    async with asyncio.timeout(20):
        top = (await answer).decode()
        status = int(top.split(" ")[1])
        sizes = [it for it in top.lower().split("\r\n") if it.startswith("content-length")]
        body = await reader.readexactly(int(sizes[0].partition(":")[2]))
    writer.transport.abort()
    return Sent(status, json.loads(body), sent, loop.time() - began)


def _connect(server: Server) -> socket.socket:
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WINDOW_BYTES)
    raw.connect(("127.0.0.1", server.port))
    return raw


def _head(method: str, path: str, headers: dict[str, str], *, length: int | None) -> bytes:
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", size, "Content-Type: text/plain"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()

"""Puts blobs and manifests into registries, and sends nothing that they have already.

Source: https://github.com/opencontainers/distribution-spec, "Push".
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode, urlsplit

from common.errors import UpstreamError
from common.http import Response
from promotions.engine.artifacts import Artifact, Blob
from promotions.gateways.oci.blobs import seconds_for
from promotions.gateways.oci.connection import RegistryConnection
from promotions.gateways.oci.documents import ACCEPT, NOT_FOUND

CHUNK_BYTES = 4 * 1024 * 1024

_CREATED, _ACCEPTED, _TOO_LARGE = 201, 202, 413
_MOST_DIGITS = 18
_OCTETS = ("Content-Type", "application/octet-stream")

Pieces = Callable[[], Generator[bytes, None, None]]
"""Opens a blob anew and gives it piece by piece."""


@dataclass(frozen=True, slots=True)
class _Session:
    """An upload that has begun.

    Attributes:
        url: Where to send to.
        least_bytes: The smallest chunk that the registry takes, except for the last.
    """

    url: str
    least_bytes: int


def put_blob(
    connection: RegistryConnection, blob: Blob, pieces: Pieces, *, mount_from: str = ""
) -> None:
    """Bring a blob into a repository, unless it is there.

    Args:
        connection: The repository, with the right to push.
        blob: What it is.
        pieces: Its content; not called if the registry can do without.
        mount_from: Another repository of the same registry that has it.

    Raises:
        UpstreamError: The registry is out of reach, or refuses.
    """
    if _has(connection, f"blobs/{blob.digest}"):
        return
    session = _mounted(connection, blob, mount_from) if mount_from else _begun(connection)
    if session is not None and not _sent_whole(connection, blob, session, pieces):
        _send_chunks(connection, blob, _begun(connection), pieces)


def put_document(connection: RegistryConnection, document: Artifact, *, tag: str = "") -> None:
    """Store a manifest or an index under its digest, or under a tag, unless it is there.

    Raises:
        UpstreamError: The registry is out of reach, refuses, or has made something else of it.
    """
    if not tag and _has(connection, f"manifests/{document.digest}"):
        return
    response = connection.send(
        "PUT",
        connection.url(f"manifests/{tag or document.digest}"),
        headers=[("Content-Type", document.media_type)],
        content=lambda: document.content,
    )
    _expect(connection, response, _CREATED)
    if response.header("Docker-Content-Digest") not in {"", document.digest}:
        raise UpstreamError(
            f"The registry {connection.host} stored a document under another digest than its own.",
            retryable=False,
            code="digest_mismatch",
        )


def _has(connection: RegistryConnection, path: str) -> bool:
    response = connection.get(connection.url(path), accept=f"{ACCEPT}, */*", method="HEAD")
    return response.status != NOT_FOUND


def _mounted(connection: RegistryConnection, blob: Blob, source: str) -> _Session | None:
    """Have the registry take a blob from another repository; ``None`` if it has done so."""
    query = urlencode({"mount": blob.digest, "from": source})
    try:
        response = connection.send("POST", connection.url(f"blobs/uploads/?{query}"))
    except UpstreamError as error:
        if error.code != "registry_auth":
            raise
        return _begun(connection)
    if response.status == _CREATED:
        return None
    return _session(connection, response) if response.status == _ACCEPTED else _begun(connection)


def _begun(connection: RegistryConnection) -> _Session:
    response = connection.send("POST", connection.url("blobs/uploads/"))
    _expect(connection, response, _ACCEPTED)
    return _session(connection, response)


def _session(connection: RegistryConnection, response: Response) -> _Session:
    least = response.header("OCI-Chunk-Min-Length")
    return _Session(connection.located(response), int(least) if _is_number(least) else 0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _sent_whole(
    connection: RegistryConnection, blob: Blob, session: _Session, pieces: Pieces
) -> bool:
    """Send a blob in one request; return whether the registry takes so much at once."""
    with ExitStack() as opened:

        def content() -> Iterator[bytes]:
            generator = pieces()
            opened.callback(generator.close)
            return generator

        response = connection.send(
            "PUT",
            _closing(session.url, blob),
            headers=[_OCTETS, ("Content-Length", str(blob.size))],
            content=content,
            timeout_seconds=seconds_for(blob),
        )
    if response.status == _TOO_LARGE:
        return False
    _expect(connection, response, _CREATED)
    return True


def _send_chunks(
    connection: RegistryConnection, blob: Blob, session: _Session, pieces: Pieces
) -> None:
    url, length = session.url, max(CHUNK_BYTES, session.least_bytes)
    with closing(pieces()) as opened:
        supply = _Supply(opened)
        for start in range(0, blob.size, length):
            size = min(length, blob.size - start)
            response = connection.send(
                "PATCH",
                url,
                headers=[
                    _OCTETS,
                    ("Content-Length", str(size)),
                    ("Content-Range", f"{start}-{start + size - 1}"),
                ],
                content=partial(supply.portion, start, size),
                timeout_seconds=seconds_for(blob),
            )
            _expect(connection, response, _ACCEPTED)
            url = connection.located(response)
        supply.finish()
    response = connection.send("PUT", _closing(url, blob), headers=[_OCTETS])
    _expect(connection, response, _CREATED)


class _Supply:
    """Hands out a blob in portions, each of them once."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self._given = 0

    def portion(self, start: int, size: int) -> Iterator[bytes]:
        """Yield ``size`` bytes from ``start`` on.

        Raises:
            UpstreamError: They have been given before, to a registry that then wanted to know
                who is sending; the blob has to be sent anew.
        """
        if self._given != start:
            raise UpstreamError(
                "An upload was interrupted; it is begun anew.",
                retryable=True,
                code="registry_error",
            )
        while self._given < start + size:
            piece = self._rest or next(self._pieces, b"")
            wanted = piece[: start + size - self._given]
            self._rest = piece[len(wanted) :]
            self._given += len(wanted)
            yield wanted

    def finish(self) -> None:
        """Make sure that this was all, and what was promised."""
        next(self._pieces, None)


def _closing(url: str, blob: Blob) -> str:
    """Return the address that ends an upload: the session's, with the blob's digest."""
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}{urlencode({'digest': blob.digest})}"


def _expect(connection: RegistryConnection, response: Response, status: int) -> None:
    if response.status == NOT_FOUND:
        raise connection.missing()
    connection.check(response, detail=response.content)
    if response.status != status:
        raise UpstreamError(
            f"The registry {connection.host} answered with status {response.status}"
            f" where {status} was due.",
            retryable=True,
            code="registry_error",
        )

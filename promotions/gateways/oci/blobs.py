"""Moves blobs out of registries, piece by piece, and checks what they promised."""

import hashlib
from collections.abc import Generator, Iterator
from itertools import count

from common.errors import UpstreamError
from common.http import Limits
from promotions.engine.artifacts import Blob
from promotions.gateways.oci.connection import RegistryConnection
from promotions.gateways.oci.documents import NOT_FOUND
from promotions.gateways.oci.failures import Patience

LEAST_BYTES_PER_SECOND = 1024 * 1024
"""A registry that moves less is given up, after a minute that everybody has."""

_SETTLING_SECONDS = 60.0
_PARTIAL = 206


def seconds_for(blob: Blob) -> float:
    """Return how long moving a blob may take."""
    return _SETTLING_SECONDS + blob.size / LEAST_BYTES_PER_SECOND


def blob_pieces(
    connection: RegistryConnection, blob: Blob, *, patience: Patience
) -> Generator[bytes, None, None]:
    """Yield a blob; what breaks off is continued from where it was.

    Raises:
        UpstreamError: It is not there, has another size or another digest, or broke off too
            often. Which of these may be known only after the last piece.
    """
    algorithm, _, promised = blob.digest.partition(":")
    digest = hashlib.new(algorithm)
    received = 0
    for attempt in count():
        try:
            for piece in _from(connection, blob, received):
                received += len(piece)
                if received > blob.size:
                    raise _lie(connection, blob, f"is larger than {blob.size} bytes")
                digest.update(piece)
                yield piece
            break
        except UpstreamError as error:
            if received != blob.size:
                patience.outlast(error, attempt=attempt)
    if received < blob.size:
        raise _lie(connection, blob, f"ends after {received} of {blob.size} bytes")
    if digest.hexdigest() != promised:
        raise _lie(connection, blob, "has another digest")


def _from(connection: RegistryConnection, blob: Blob, start: int) -> Iterator[bytes]:
    """Yield what is left of a blob after the first ``start`` bytes."""
    if start == blob.size and start:
        return
    headers = (("Range", f"bytes={start}-"),) if start else ()
    limits = Limits(seconds_for(blob), max_bytes=blob.size)
    url = connection.url(f"blobs/{blob.digest}")
    with connection.stream(url, headers=headers, limits=limits) as received:
        if received.status == NOT_FOUND:
            raise _lie(connection, blob, "is not there")
        # A registry that cannot continue begins again.
        skipped = 0 if received.status == _PARTIAL else start
        for piece in received.pieces():
            yield from (piece[skipped:],) if len(piece) > skipped else ()
            skipped = max(skipped - len(piece), 0)


def _lie(connection: RegistryConnection, blob: Blob, how: str) -> UpstreamError:
    return UpstreamError(
        f"The registry {connection.host} has an artifact of which {blob.digest} {how}.",
        retryable=False,
        code="blob_mismatch",
    )

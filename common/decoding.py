"""Undoes a response's content encoding a piece at a time, however much a piece unpacks to."""

import zlib
from collections.abc import Iterable, Iterator

from common.errors import UpstreamError

_PIECE_BYTES = 64 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def decoded(pieces: Iterable[bytes], *, encoding: str, host: str) -> Iterator[bytes]:
    """Yield the content that ``pieces`` encode, at most 64 KiB at a time.

    Args:
        pieces: The body as sent.
        encoding: The ``Content-Encoding``; nothing was asked for, so servers seldom use one.
        host: Named in errors.

    Raises:
        UpstreamError: The encoding is unknown or nested, the content is not of it, or is cut off.
    """
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        yield from pieces
    elif name in {"gzip", "x-gzip", "deflate"}:
        yield from _inflated(pieces, host=host)
    else:
        raise _unreadable(f"{host} sent a body in the encoding {name[:40]!r}, which is not read.")


def _inflated(pieces: Iterable[bytes], *, host: str) -> Iterator[bytes]:
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    seen = False
    try:
        for piece in pieces:
            seen = seen or bool(piece)
            rest = piece
            while rest and not decoder.eof:
                yield decoder.decompress(rest, _PIECE_BYTES)
                rest = decoder.unconsumed_tail
    except zlib.error as error:
        raise _unreadable(f"{host} sent a body that is not encoded as it says.") from error
    if seen and not decoder.eof:
        raise _unreadable(f"{host} sent a body that ends before it is whole.")


def _unreadable(message: str) -> UpstreamError:
    return UpstreamError(message, retryable=True, code="response_unreadable")

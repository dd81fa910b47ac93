"""Sends long answers piece by piece, under WSGI and ASGI alike."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def stream(
    request: HttpRequest, pieces: Iterator[bytes], *, content_type: str
) -> StreamingHttpResponse:
    """Return an answer made of ``pieces``, which are taken as fast as the client reads."""
    return StreamingHttpResponse(
        _asynchronous(pieces) if isinstance(request, ASGIRequest) else pieces,
        content_type=content_type,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _asynchronous(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    take = sync_to_async(lambda: next(pieces, None))
    while (piece := await take()) is not None:
        yield piece

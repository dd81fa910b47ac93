"""Sends the web steps' requests through the platform's one door to HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.egress import EgressPolicy
from common.http import Limits, Received, client, header_map
from promotions.ports.http import HttpRequest, HttpResponse, HttpStream


class CheckedSender:
    """Satisfies :class:`promotions.ports.http.HttpSender` under one policy."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send the request on a connection of its own."""
        with self._exchange(request) as received:
            content = b"".join(received.pieces())
        return HttpResponse(received.status, header_map(received.headers), content)

    @contextmanager
    def stream(self, request: HttpRequest) -> Iterator[HttpStream]:
        """Send the request on a connection that lasts as long as the block."""
        with self._exchange(request) as received:
            yield HttpStream(received.status, received.pieces(), received.length)

    @contextmanager
    def _exchange(self, request: HttpRequest) -> Iterator[Received]:
        limits = Limits(
            timeout_seconds=request.timeout.total_seconds(), max_bytes=request.max_bytes
        )
        with (
            client(self._policy, verify_tls=request.verify_tls, proxy=request.proxy) as connection,
            connection.stream(
                request.method,
                request.url,
                headers=request.headers,
                params=request.params,
                content=request.content,
                limits=limits,
            ) as received,
        ):
            yield received

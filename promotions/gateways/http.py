"""Sends the ``http`` step's requests through the platform's one door to HTTP."""

from common.egress import EgressPolicy
from common.http import Limits, client, header_map
from promotions.ports.http import HttpRequest, HttpResponse


class CheckedSender:
    """Satisfies :class:`promotions.ports.http.HttpSender` under one policy."""

    def __init__(self, policy: EgressPolicy) -> None:
        self._policy = policy

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send the request on a connection of its own."""
        limits = Limits(
            timeout_seconds=request.timeout.total_seconds(), max_bytes=request.max_bytes
        )
        with client(self._policy, verify_tls=request.verify_tls, proxy=request.proxy) as connection:
            response = connection.request(
                request.method,
                request.url,
                headers=request.headers,
                params=request.params,
                content=request.content,
                limits=limits,
            )
        return HttpResponse(response.status, header_map(response.headers), response.content)

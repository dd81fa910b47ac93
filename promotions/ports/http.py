"""What the ``http`` step may ask of the network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; ``proxy`` is an address, or empty for the proxies of the environment.

    Attributes:
        params: Query parameters to add to those in ``url``.
        timeout: For the whole exchange, body included.
        max_bytes: Largest response body.
    """

    method: str
    url: str
    timeout: timedelta
    max_bytes: int
    headers: tuple[tuple[str, str], ...] = ()
    params: tuple[tuple[str, str], ...] = ()
    content: bytes = b""
    verify_tls: bool = True
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; header values are listed by name in canonical case (``Content-Type``)."""

    status: int
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    content: bytes = b""


class HttpSender(Protocol):
    """Sends requests under the operator's egress policy."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return the response, whatever its status.

        Raises:
            InvalidError: The address, a header or the proxy is malformed.
            UpstreamError: The host is refused by policy, unreachable, slow or sends too much.
        """
        ...

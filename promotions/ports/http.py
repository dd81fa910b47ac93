"""What the ``http`` and ``http-download`` steps may ask of the network."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
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
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: bytes = field(default=b"", repr=False)
    verify_tls: bool = True
    proxy: str = ""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole response; header values are listed by name in canonical case (``Content-Type``)."""

    status: int
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class HttpStream:
    """A response whose body is still to be read.

    Attributes:
        length: What the response says of its size in bytes; ``None`` if nothing.
        pieces: The body, once. Raises ``UpstreamError`` if it is cut off, too slow or larger
            than ``max_bytes`` (``response_too_large``).
    """

    status: int
    pieces: Iterator[bytes]
    length: int | None = None


class HttpSender(Protocol):
    """Sends requests under the operator's egress policy."""

    def send(self, request: HttpRequest) -> HttpResponse:
        """Return the response, whatever its status.

        Raises:
            InvalidError: The address, a header or the proxy is malformed.
            UpstreamError: The host is refused by policy, unreachable, slow or sends too much.
        """
        ...

    def stream(self, request: HttpRequest) -> AbstractContextManager[HttpStream]:
        """Give the response before its body is read; raises on entry as :meth:`send` does."""
        ...

"""The one door to HTTP: every outbound request of the platform goes through :func:`client`.

Names are resolved here, the addresses checked against the :class:`~common.egress.EgressPolicy`
and the connection made to an address that was checked, so a second answer of the resolver cannot
slip past; TLS and ``Host`` still use the name. Redirects are checked in the same way, and lose
credentials when the host changes. Everything has a deadline, and responses a largest size, also
those that are read piece by piece.
"""

import ssl
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Self, TypeAlias

import httpx

from common.decoding import decoded
from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.transport import (
    ANYBODY,
    Peer,
    checked_transport,
    deadline,
    environment_mounts,
    present_certificate,
    tls_context,
)

DEFAULT_TIMEOUT_SECONDS = 30.0
DEFAULT_MAX_BYTES = 8 * 1024 * 1024
MAX_REDIRECTS = 5

_SENSITIVE = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_BODY = frozenset({"content-length", "content-type", "transfer-encoding"})
_PORTS = {"http": 80, "https": 443}

Content: TypeAlias = bytes | Iterable[bytes]
"""A body: whole, or in pieces, which can be sent only once."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. ``headers`` keep their order and repetitions, with names as sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    url: str

    def header(self, name: str) -> str:
        """Return the first value of a header, whatever the case of its name; else empty."""
        return _first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a whole request may take, redirects and body included, and how much comes back.

    Attributes:
        timeout_seconds: For everything; also the longest wait for the header.
        max_bytes: Largest body.
        max_redirects: Zero hands redirects to the caller.
        idle_seconds: The longest wait for the header, and for each piece of the body; ``None``
            is whatever is left of the whole.
    """

    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    max_bytes: int = DEFAULT_MAX_BYTES
    max_redirects: int = MAX_REDIRECTS
    idle_seconds: float | None = None

    def next_wait(self, ends_at: float) -> float:
        """Return until when to wait for what comes next, if everything ends at ``ends_at``."""
        if self.idle_seconds is None:
            return ends_at
        return min(ends_at, time.monotonic() + self.idle_seconds)


class Received:
    """A response whose body is still to be read; made by :meth:`Client.stream`.

    Attributes:
        status: The status.
        headers: In the order sent, with names as sent.
        url: Where it came from, after redirects.
    """

    def __init__(self, response: httpx.Response, *, limits: Limits, ends_at: float) -> None:
        self._response = response
        self._limits = limits
        self._ends_at = ends_at
        self.status = response.status_code
        self.headers = tuple((_text(name), _text(value)) for name, value in response.headers.raw)
        self.url = str(response.request.url)

    def header(self, name: str) -> str:
        """Return the first value of a header, whatever the case of its name; else empty."""
        return _first(self.headers, name)

    @property
    def length(self) -> int | None:
        """The size that the response announces, in bytes; ``None`` if it does not."""
        announced = self.header("Content-Length")
        return int(announced) if announced.isascii() and announced.isdigit() else None

    def pieces(self) -> Iterator[bytes]:
        """Yield the body; once.

        Raises:
            UpstreamError: It is too large (``response_too_large``), too slow, or cut off.
        """
        host = self._response.url.host
        total = 0
        for piece in decoded(self._raw(), encoding=self.header("Content-Encoding"), host=host):
            total += len(piece)
            if total > self._limits.max_bytes:
                raise UpstreamError(
                    f"The response of {host} is larger than {self._limits.max_bytes} bytes.",
                    retryable=False,
                    code="response_too_large",
                )
            yield piece

    def _raw(self) -> Iterator[bytes]:
        source = self._response.iter_raw()
        while True:
            wait_until = self._limits.next_wait(self._ends_at)
            with _errors_of(self._response.request), deadline(wait_until):
                piece = next(source, None)
            if piece is None:
                return
            yield piece


class Client:
    """Sends requests under one policy; made by :func:`client`.

    Safe to share by threads. Connections are closed with it, at the latest when it is collected.
    """

    def __init__(self, session: httpx.Client) -> None:
        self._session = session
        weakref.finalize(self, session.close)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        params: Iterable[tuple[str, str]] = (),
        content: Content = b"",
        limits: Limits = Limits(),
    ) -> Response:
        """Send a request, follow redirects, and return the response, whatever its status.

        Args:
            method: The HTTP method.
            url: An absolute ``http`` or ``https`` address; its query is kept.
            headers: Header fields, repetitions allowed.
            params: Query parameters to add.
            content: The body; in pieces only if no redirect is to be followed.
            limits: Time and size.

        Raises:
            InvalidError: The address or a header is malformed.
            UpstreamError: The host is refused by the policy, unreachable, too slow, sends too
                much or redirects too often.
        """
        with self.stream(
            method, url, headers=headers, params=params, content=content, limits=limits
        ) as received:
            body = bytearray()
            for piece in received.pieces():
                body += piece
        return Response(received.status, received.headers, bytes(body), received.url)

    @contextmanager
    def stream(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]] = (),
        params: Iterable[tuple[str, str]] = (),
        content: Content = b"",
        limits: Limits = Limits(),
    ) -> Iterator[Received]:
        """Give the response to a request before its body is read, as :meth:`request` does.

        The time in ``limits`` also bounds how long the body may take.
        """
        request = self._built(method, url, headers=headers, params=params, content=content)
        ends_at = time.monotonic() + limits.timeout_seconds
        with _errors_of(request), deadline(limits.next_wait(ends_at)):
            response = self._followed(request, limits)
        try:
            yield Received(response, limits=limits, ends_at=ends_at)
        finally:
            response.close()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _built(
        self,
        method: str,
        url: str,
        *,
        headers: Iterable[tuple[str, str]],
        params: Iterable[tuple[str, str]],
        content: Content,
    ) -> httpx.Request:
        try:
            target = httpx.URL(url)
            for name, value in params:
                target = target.copy_add_param(name, value)
            if target.scheme not in _PORTS or not target.host:
                raise InvalidError(f"{_shown(target)} is not an http or https address.")
            return self._session.build_request(
                method, target, headers=list(headers), content=content or None
            )
        except (httpx.InvalidURL, UnicodeError, ValueError, TypeError) as error:
            raise InvalidError(f"The request cannot be made: {error}.") from error

    def _followed(self, request: httpx.Request, limits: Limits) -> httpx.Response:
        """Return the response at the end of the redirects, its body unread."""
        for _ in range(limits.max_redirects + 1):
            response = self._session.send(request, stream=True, follow_redirects=False)
            if not response.has_redirect_location or limits.max_redirects == 0:
                return response
            response.close()
            request = self._redirected(request, response)
        raise UpstreamError(
            f"{request.url.host} redirected more than {limits.max_redirects} times.",
            retryable=False,
            code="too_many_redirects",
        )

    def _redirected(self, request: httpx.Request, response: httpx.Response) -> httpx.Request:
        """Return the request that follows a redirect, without credentials for another host."""
        url = request.url.join(response.headers["location"])
        dropped = {"host"} | (set() if _same_origin(url, request.url) else _SENSITIVE)
        keep_body = response.status_code in {307, 308}
        becomes_get = not keep_body and request.method != "HEAD"
        dropped |= _BODY if becomes_get else set()
        headers = [
            (_text(name), _text(value))
            for name, value in request.headers.raw
            if _text(name).lower() not in dropped
        ]
        return self._built(
            "GET" if becomes_get else request.method,
            str(url),
            headers=headers,
            params=(),
            content=request.content if keep_body else b"",
        )


def client(
    policy: EgressPolicy,
    *,
    verify_tls: bool = True,
    proxy: str = "",
    ca_certificates: str = "",
    client_certificate: str = "",
    peer: Peer = ANYBODY,
) -> Client:
    """Return a client under the policy; close it, or use it in a ``with``.

    Args:
        policy: Which addresses it may connect to.
        verify_tls: Check certificates.
        proxy: Address of a proxy, itself subject to the policy. Without one, the proxies of the
            environment are used; the operator chose those, so they are not checked, but the
            addresses that requests name still are if they are numeric.
        ca_certificates: PEM text of certificate authorities to trust instead of the usual ones.
        client_certificate: PEM text of a certificate to show, and of its key.
        peer: Who must answer; with a pinned certificate, ``verify_tls`` may be false.

    Raises:
        InvalidError: The proxy's address, or a certificate, is malformed.
    """
    context = _context(
        verify_tls=verify_tls,
        ca_certificates=ca_certificates,
        client_certificate=client_certificate,
    )
    try:
        transport = checked_transport(policy, context=context, proxy=proxy, peer=peer)
        mounts = {} if proxy else dict(environment_mounts(policy, context=context, peer=peer))
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise InvalidError(f"The proxy cannot be used: {error}.") from error
    session = httpx.Client(
        transport=transport,
        mounts=mounts,
        trust_env=False,
        timeout=DEFAULT_TIMEOUT_SECONDS,
        headers={"user-agent": "kargo-platform", "accept-encoding": "identity"},
    )
    # Cookies of one request are nobody else's business: many tenants share a client.
    session.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
    return Client(session)


def _context(*, verify_tls: bool, ca_certificates: str, client_certificate: str) -> ssl.SSLContext:
    """Return what to speak TLS with; a context that shows a certificate is nobody else's."""
    try:
        if not client_certificate:
            return tls_context(verify_tls, ca_certificates)
        context = tls_context.__wrapped__(verify_tls, ca_certificates)
        present_certificate(context, client_certificate)
    except (ssl.SSLError, ValueError) as error:
        raise InvalidError(
            "A certificate or its key cannot be read; give PEM text, with the key unencrypted and"
            " belonging to the certificate."
        ) from error
    return context


@contextmanager
def _errors_of(request: httpx.Request) -> Iterator[None]:
    """Turn the library's errors into ours; texts name the host and never the query."""
    host = request.url.host
    try:
        yield
    except httpx.TimeoutException as error:
        raise UpstreamError(
            f"{host} did not answer in time.", retryable=True, code="upstream_timeout"
        ) from error
    except httpx.HTTPError as error:
        raise UpstreamError(
            f"The request to {host} failed: {_cause(error)}.",
            retryable=True,
            code="upstream_unreachable",
        ) from error


def _cause(error: httpx.HTTPError) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Return whether credentials for ``other`` may be shown to ``one``."""
    if one.host != other.host:
        return False
    ports = {_PORTS.get(url.scheme) if url.port is None else url.port for url in (one, other)}
    upgraded = (other.scheme, one.scheme) == ("http", "https") and ports == {80, 443}
    return (one.scheme == other.scheme and len(ports) == 1) or upgraded


def _shown(url: httpx.URL) -> str:
    return str(url.copy_with(query=None, userinfo=b""))


def _first(headers: Iterable[tuple[str, str]], name: str) -> str:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), "")


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def header_map(headers: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return header values by name in canonical case, such as ``Content-Type``."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        canonical = "-".join(part.capitalize() for part in name.split("-"))
        found[canonical] = (*found.get(canonical, ()), value)
    return found

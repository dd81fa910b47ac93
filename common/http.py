"""The one door to HTTP: every outbound request of the platform goes through :func:`client`.

Names are resolved here, the addresses checked against the :class:`~common.egress.EgressPolicy`
and the connection made to an address that was checked, so a second answer of the resolver cannot
slip past; TLS and ``Host`` still use the name. Redirects are checked in the same way, and lose
credentials when the host changes. Everything has a deadline, and responses a largest size.
"""

import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx

from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.transport import checked_transport, deadline, environment_mounts, tls_context

DEFAULT_TIMEOUT_SECONDS = 30.0
DEFAULT_MAX_BYTES = 8 * 1024 * 1024
MAX_REDIRECTS = 5

_SENSITIVE = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
_BODY = frozenset({"content-length", "content-type", "transfer-encoding"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. ``headers`` keep their order and repetitions, with names as sent."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    url: str

    def header(self, name: str) -> str:
        """Return the first value of a header, whatever the case of its name; else empty."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a whole request may take, redirects and body included, and how much comes back.

    Attributes:
        timeout_seconds: For everything; also the longest wait for the header.
        max_bytes: Largest body.
        max_redirects: Zero hands redirects to the caller.
    """

    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    max_bytes: int = DEFAULT_MAX_BYTES
    max_redirects: int = MAX_REDIRECTS


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
        content: bytes = b"",
        limits: Limits = Limits(),
    ) -> Response:
        """Send a request, follow redirects, and return the response, whatever its status.

        Args:
            method: The HTTP method.
            url: An absolute ``http`` or ``https`` address; its query is kept.
            headers: Header fields, repetitions allowed.
            params: Query parameters to add.
            content: The body.
            limits: Time and size.

        Raises:
            InvalidError: The address or a header is malformed.
            UpstreamError: The host is refused by the policy, unreachable, too slow, sends too
                much or redirects too often.
        """
        request = self._built(method, url, headers=headers, params=params, content=content)
        with _errors_of(request), deadline(time.monotonic() + limits.timeout_seconds):
            for _ in range(limits.max_redirects + 1):
                response, target = self._sent(request, limits)
                if target is None or limits.max_redirects == 0:
                    return response
                request = self._redirected(request, response, target)
        raise UpstreamError(
            f"{request.url.host} redirected more than {limits.max_redirects} times.",
            retryable=False,
            code="too_many_redirects",
        )

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
        content: bytes,
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

    def _sent(self, request: httpx.Request, limits: Limits) -> tuple[Response, str | None]:
        """Return the response, and where it redirects to if it does."""
        received = self._session.send(request, stream=True, follow_redirects=False)
        try:
            content = _body(received, limits.max_bytes)
        finally:
            received.close()
        headers = tuple((_text(name), _text(value)) for name, value in received.headers.raw)
        target = received.headers.get("location") if received.has_redirect_location else None
        return Response(received.status_code, headers, content, str(request.url)), target

    def _redirected(self, request: httpx.Request, response: Response, target: str) -> httpx.Request:
        """Return the request that follows a redirect, without credentials for another host."""
        url = request.url.join(target)
        dropped = {"host"} | (set() if _same_origin(url, request.url) else _SENSITIVE)
        keep_body = response.status in {307, 308}
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
) -> Client:
    """Return a client under the policy; close it, or use it in a ``with``.

    Args:
        policy: Which addresses it may connect to.
        verify_tls: Check certificates.
        proxy: Address of a proxy, itself subject to the policy. Without one, the proxies of the
            environment are used; the operator chose those, so they are not checked, but the
            addresses that requests name still are if they are numeric.
        ca_certificates: PEM text of certificate authorities to trust instead of the usual ones.
    """
    context = tls_context(verify_tls, ca_certificates)
    session = httpx.Client(
        transport=checked_transport(policy, context=context, proxy=proxy),
        mounts={} if proxy else dict(environment_mounts(policy, context=context)),
        trust_env=False,
        timeout=DEFAULT_TIMEOUT_SECONDS,
        headers={"user-agent": "kargo-platform", "accept-encoding": "identity"},
    )
    return Client(session)


def _body(response: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > max_bytes:
            raise UpstreamError(
                f"The response of {response.url.host} is larger than {max_bytes} bytes.",
                retryable=False,
                code="response_too_large",
            )
    return bytes(content)


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


def _text(raw: bytes) -> str:
    return raw.decode("latin-1")


def header_map(headers: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Return header values by name in canonical case, such as ``Content-Type``."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in headers:
        canonical = "-".join(part.capitalize() for part in name.split("-"))
        found[canonical] = (*found.get(canonical, ()), value)
    return found

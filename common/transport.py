"""Connects only to addresses that the egress policy allows, and never past the deadline.

The lower half of ``common.http``, which alone uses it.
"""

import socket
import ssl
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

import httpcore
import httpx

from common.egress import EgressPolicy

_SCHEMES = ("http", "https")
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=15)
_deadline: ContextVar[float | None] = ContextVar("http_deadline", default=None)


def checked_transport(
    policy: EgressPolicy, *, context: ssl.SSLContext, proxy: str = ""
) -> httpx.BaseTransport:
    """Return a transport whose every connection, also the one to its proxy, is checked."""
    return _Transport(_CheckedBackend(policy), context=context, proxy=proxy or None)


def environment_mounts(
    policy: EgressPolicy, *, context: ssl.SSLContext
) -> Mapping[str, httpx.BaseTransport | None]:
    """Return transports for the proxies that the environment names, and holes for ``no_proxy``."""
    proxies = urllib.request.getproxies_environment()
    mounts: dict[str, httpx.BaseTransport | None] = {}
    for scheme in _SCHEMES:
        address = proxies.get(scheme) or proxies.get("all")
        if address:
            mounts[f"{scheme}://"] = _Transport(
                _CheckedBackend(None),
                context=context,
                proxy=address if "://" in address else f"http://{address}",
                checked=policy,
            )
    hosts = (host.strip() for host in proxies.get("no", "").split(","))
    return mounts | {_unproxied(host): None for host in hosts if host}


@lru_cache(maxsize=64)
def tls_context(verify_tls: bool, ca_certificates: str) -> ssl.SSLContext:  # noqa: FBT001 - cache keys
    """Return a TLS context, made once; ``ca_certificates`` is PEM text or empty."""
    if ca_certificates:
        context = ssl.create_default_context(cadata=ca_certificates)
    else:
        context = httpx.create_ssl_context()
    if not verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def deadline(at: float) -> Iterator[None]:
    """End every wait for the network inside the block at a time of ``time.monotonic``."""
    token = _deadline.set(at)
    try:
        yield
    finally:
        _deadline.reset(token)


class _CheckedStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the request's deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        remaining = _remaining(timeout, httpcore.ConnectTimeout)
        return _CheckedStream(self._stream.start_tls(ssl_context, server_hostname, remaining))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that the policy allows, and to no others."""

    def __init__(self, policy: EgressPolicy | None) -> None:
        self._policy = policy
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._policy.addresses(host, port) if self._policy else [host]
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses:
            remaining = _remaining(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._plain.connect_tcp(
                    address, port, remaining, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _CheckedStream(stream)
        raise failure or httpcore.ConnectError("no address to connect to")


class _Transport(httpx.HTTPTransport):
    """A pool whose connections are made by the given backend."""

    def __init__(
        self,
        backend: httpcore.NetworkBackend,
        *,
        context: ssl.SSLContext,
        proxy: str | None,
        checked: EgressPolicy | None = None,
    ) -> None:
        super().__init__(verify=context, proxy=proxy, limits=_LIMITS, trust_env=False)
        self._pool._network_backend = backend  # noqa: SLF001 - httpx has no parameter for it; a test holds this
        self._checked = checked

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._checked is not None and _is_numeric(request.url.host):
            self._checked.addresses(request.url.host, request.url.port or 0)
        return super().handle_request(request)


def _unproxied(host: str) -> str:
    """Return the pattern of an entry of ``no_proxy``: a name stands for its subdomains too."""
    if host == "*":
        return "all://"
    if host == "localhost" or _is_numeric(host.split("/", maxsplit=1)[0]):
        address = host.split("/", maxsplit=1)[0]
        return f"all://[{address}]" if ":" in address else f"all://{address}"
    return f"all://*{host}"


def _remaining(timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    """Return how long an operation may wait, or raise if the deadline has passed."""
    ends = _deadline.get()
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise error("the deadline has passed")
    return left


def _is_numeric(host: str) -> bool:
    """Return whether a host is an address, also in the old ways such as ``0x7f.1``."""
    if ":" in host:
        return True
    try:
        socket.inet_aton(host)
    except (OSError, ValueError):
        return False
    return True

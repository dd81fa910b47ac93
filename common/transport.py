"""Connects only to addresses that the egress policy allows, and never past the deadline.

The lower half of ``common.http``, which alone uses it.
"""

import hashlib
import os
import socket
import ssl
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

import httpcore
import httpx

from common.egress import EgressPolicy

_SCHEMES = ("http", "https")
_LIMITS = httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=15)
_deadline: ContextVar[float | None] = ContextVar("http_deadline", default=None)


@dataclass(frozen=True, slots=True)
class Peer:
    """Who must answer over TLS, if that is not told by the address.

    Attributes:
        server_name: Asked for, and looked for in the certificate; empty is the host.
        sha256: Digest of the one certificate to accept, in lower-case hexadecimal; empty is any.
    """

    server_name: str = ""
    sha256: str = ""


ANYBODY = Peer()


def checked_transport(
    policy: EgressPolicy, *, context: ssl.SSLContext, proxy: str = "", peer: Peer = ANYBODY
) -> httpx.BaseTransport:
    """Return a transport whose every connection, also the one to its proxy, is checked."""
    return _Transport(_CheckedBackend(policy, peer), context=context, proxy=proxy or None)


def environment_mounts(
    policy: EgressPolicy, *, context: ssl.SSLContext, peer: Peer = ANYBODY
) -> Mapping[str, httpx.BaseTransport | None]:
    """Return transports for the proxies that the environment names, and holes for ``no_proxy``."""
    proxies = urllib.request.getproxies_environment()
    mounts: dict[str, httpx.BaseTransport | None] = {}
    for scheme in _SCHEMES:
        address = proxies.get(scheme) or proxies.get("all")
        if address:
            mounts[f"{scheme}://"] = _Transport(
                _CheckedBackend(None, peer),
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


def present_certificate(context: ssl.SSLContext, pem: str) -> None:
    """Make a context show this client certificate; ``pem`` holds it and its key.

    Raises:
        ssl.SSLError: It is none, or the key is of another.
    """
    with _private_file(pem.encode()) as path:
        context.load_cert_chain(path, password=_no_password)


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """Give a file that nobody else may read, in memory where the system has that."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("certificate")
        with os.fdopen(descriptor, "wb") as memory:
            memory.write(content)
            memory.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name


def _no_password() -> bytes:
    raise ssl.SSLError("the key is encrypted")


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

    def __init__(self, stream: httpcore.NetworkStream, peer: Peer) -> None:
        self._stream = stream
        self._peer = peer

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
        name = self._peer.server_name or server_hostname
        secured = self._stream.start_tls(ssl_context, name, remaining)
        if self._peer.sha256 and _digest(secured) != self._peer.sha256:
            secured.close()
            raise httpcore.ConnectError("the server's certificate is not the pinned one")
        return _CheckedStream(secured, self._peer)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that the policy allows, and to no others."""

    def __init__(self, policy: EgressPolicy | None, peer: Peer) -> None:
        self._policy = policy
        self._peer = peer
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
                return _CheckedStream(stream, self._peer)
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


def _digest(stream: httpcore.NetworkStream) -> str:
    """Return the digest of the certificate that the other side showed."""
    secured = stream.get_extra_info("ssl_object")
    shown = secured.getpeercert(True) if secured is not None else None  # noqa: FBT003 - its keyword has two names
    return hashlib.sha256(shown or b"").hexdigest()


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

"""Reads repositories of Helm charts: classic ones over HTTP, and those in OCI registries.

Source: https://helm.sh/docs/topics/chart_repository and Kargo ``pkg/helm/chart``.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO
from urllib.parse import urlsplit

from common.errors import InvalidError, NotFoundError, UpstreamError
from common.http import Limits, Received
from promotions.engine.chart_index import MAX_INDEX_BYTES, charts_in
from promotions.gateways.oci.cache import LastUsed
from promotions.gateways.oci.connection import Connections
from promotions.gateways.oci.failures import RegistryBusyError, seconds_in
from promotions.gateways.oci.registry import OciRegistry
from promotions.gateways.oci.tokens import basic
from promotions.ports.charts import ChartRepository
from promotions.ports.credentials import Credential
from promotions.ports.oci import Repository

TIMEOUT_SECONDS = 120.0
CACHED_INDEXES = 200
CACHED_VERSIONS = 500_000
"""Over all indexes that are kept; one that has more is not."""

_OCI = "oci://"
_OK, _UNCHANGED, _UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 304, 401, 403, 404, 429
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class _Index:
    """An index as it was, and how to ask whether it still is; empty if nothing was said."""

    charts: Mapping[str, tuple[str, ...]]
    etag: str
    modified: str

    @property
    def weight(self) -> int:
        return 1 + len(self.charts) + sum(map(len, self.charts.values()))


class HelmRepositories:
    """Satisfies :class:`promotions.ports.charts.ChartRepositories` with real repositories.

    Shares clients and limits per host with the registries of images.
    """

    def __init__(self, connections: Connections, registry: OciRegistry) -> None:
        self._connections = connections
        self._registry = registry
        self._indexes: LastUsed[tuple[str, str, bool], _Index] = LastUsed(
            CACHED_INDEXES, largest_weight=CACHED_VERSIONS, weigh=lambda index: index.weight
        )

    def versions(self, repository: ChartRepository) -> tuple[str, ...]:
        """Return all versions of a chart."""
        if repository.url.startswith(_OCI):
            return self._tags(repository)
        return self._index(repository).charts.get(repository.name, ())

    def _tags(self, repository: ChartRepository) -> tuple[str, ...]:
        image = Repository(
            _with_explicit_host(repository.url.removeprefix(_OCI)),
            repository.credential,
            verify_tls=repository.verify_tls,
        )
        try:
            return self._registry.tags(image)
        except NotFoundError as error:
            if error.code != "no_tags":
                raise
            return ()

    def _index(self, repository: ChartRepository) -> _Index:
        url = f"{repository.url.removesuffix('/')}/index.yaml"
        key = (url, _identity(repository.credential), repository.verify_tls)
        known = self._indexes.get(key)
        host = urlsplit(url).netloc.rpartition("@")[2]
        self._connections.wait(host)
        client = self._connections.client(verify_tls=repository.verify_tls)
        limits = Limits(TIMEOUT_SECONDS, MAX_INDEX_BYTES)
        headers = tuple(_headers(repository.credential, known))
        with client.stream("GET", url, headers=headers, limits=limits) as received:
            if received.status == _UNCHANGED and known is not None:
                return known
            _check(received, url=url, host=host, credential=repository.credential)
            index = _read(received, url=url)
        self._indexes.put(key, index)
        return index


def _headers(credential: Credential | None, known: _Index | None) -> Iterator[tuple[str, str]]:
    if credential is not None and (credential.username or credential.password):
        yield "Authorization", basic(credential)
    if known is not None and known.etag:
        yield "If-None-Match", known.etag
    if known is not None and known.modified:
        yield "If-Modified-Since", known.modified


def _read(received: Received, *, url: str) -> _Index:
    with TemporaryFile() as spool:
        for piece in received.pieces():
            spool.write(piece)
        spool.seek(0)
        charts = _parsed(spool, url=url)
    return _Index(charts, received.header("ETag"), received.header("Last-Modified"))


def _parsed(spool: BinaryIO, *, url: str) -> Mapping[str, tuple[str, ...]]:
    try:
        charts = charts_in(spool)
    except InvalidError as error:
        raise UpstreamError(
            f"The repository index at {url} cannot be read: {error}; check the repository URL.",
            retryable=False,
            code="chart_index",
        ) from error
    return {name: tuple(it.version for it in listed) for name, listed in charts.items()}


def _check(received: Received, *, url: str, host: str, credential: Credential | None) -> None:
    status = received.status
    if status in {_UNAUTHORISED, _FORBIDDEN}:
        how = "the credential given" if credential else "anonymous access"
        raise UpstreamError(
            f"The chart repository {host} refused {how};"
            " check the credentials that the project has for it.",
            retryable=False,
            code="chart_auth",
        )
    if status == _TOO_MANY:
        raise RegistryBusyError(
            f"The chart repository {host} says that it is asked too often; it is tried later.",
            retry_after=seconds_in(received.header("Retry-After")),
        )
    if status == _NOT_FOUND:
        raise NotFoundError(
            f"There is no repository index at {url}; check the repository URL.",
            code="chart_repository_unknown",
        )
    if status != _OK:
        raise UpstreamError(
            f"received unexpected HTTP {status} when querying repository index at {url}",
            retryable=status >= _SERVER_ERROR,
            code="chart_error",
        )


def _with_explicit_host(name: str) -> str:
    """Return ``name`` with a port if its first part would not be taken for a host without.

    An image may come from Docker Hub unnamed; the first part of a chart's address is a host.
    """
    host, slash, rest = name.partition("/")
    is_plain = bool(slash) and "." not in host and ":" not in host
    return f"{host}:443/{rest}" if is_plain else name


def _identity(credential: Credential | None) -> str:
    """Return a fingerprint of who is asking; an index is kept for nobody else."""
    known = credential or Credential()
    return hashlib.sha256(f"{known.username}\0{known.password}".encode()).hexdigest()

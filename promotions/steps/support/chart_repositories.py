"""Fetches charts from classic and OCI repositories, with the project's credentials.

Helm itself has no network: so every address is subject to the operator's egress policy, every
answer bounded, and credentials are in no file, argument or environment.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

from common.errors import InvalidError, UpstreamError
from promotions.engine.artifacts import layer_of
from promotions.engine.chart_dependencies import (
    OCI,
    ChartDependency,
    constraint_of,
    newest_allowed,
)
from promotions.engine.chart_index import MAX_INDEX_BYTES, chart_urls
from promotions.engine.filenames import is_plain_file_name
from promotions.engine.semver.versions import parse_tag
from promotions.engine.urls import normalise_chart_url
from promotions.ports.credentials import Credential, CredentialStore, CredentialType
from promotions.ports.http import HttpRequest, HttpSender
from promotions.ports.oci import ArtifactRegistry, ImageRegistry, Repository

MAX_CHART_BYTES = 100 * 1024 * 1024
LONGEST_FETCH = timedelta(minutes=5)
"""For all that one call of a step fetches; a worker has a quarter of an hour for the call."""

_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_INDEX_TIMEOUT = timedelta(seconds=60)
_CHART_TIMEOUT = timedelta(minutes=2)
_OK = 200
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Archive:
    """A chart's archive, and the name of its file."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChartRepositories:
    """The repositories, as steps may reach them."""

    http: HttpSender
    images: ImageRegistry
    artifacts: ArtifactRegistry
    credentials: CredentialStore

    def session(self, *, tenant_uid: str, project: str) -> "ChartSession":
        """Return the repositories for one call of a step of a project."""
        return ChartSession(self, tenant_uid, project)


@dataclass(frozen=True, slots=True)
class ChartSession:
    """Fetches for one project, within a time, and reads each index and credential only once.

    Every method raises ``UpstreamError`` if the repository is out of reach, or refuses, or if all
    that was fetched took too long.
    """

    repositories: ChartRepositories
    tenant_uid: str
    project: str
    _indexes: dict[str, bytes] = field(default_factory=dict)
    _listed: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    _hosts: dict[str, Credential] = field(default_factory=dict)
    _until: float = field(default_factory=lambda: time.monotonic() + LONGEST_FETCH.total_seconds())

    def resolve(self, dependency: ChartDependency) -> str:
        """Return the newest version that a dependency allows; empty if there is none.

        Raises:
            InvalidError: The version is no constraint, or the repository has no such chart.
        """
        if not dependency.is_oci:
            return newest_allowed(dependency, self._urls(dependency))
        constraint_of(dependency)
        if parse_tag(dependency.version) is not None:
            return dependency.version
        tags = self.repositories.images.tags(self._oci_repository(dependency))
        return newest_allowed(dependency, (tag.replace("_", "+") for tag in tags))

    def lists(self, dependency: ChartDependency) -> bool:
        """Return whether a version, as it is written, is in the index of a repository.

        Raises:
            InvalidError: The repository has no such chart.
        """
        return not dependency.is_oci and dependency.version in self._urls(dependency)

    def fetch(self, locked: ChartDependency) -> Archive:
        """Return the archive of exactly the version that a dependency was resolved to.

        Raises:
            InvalidError: The repository does not have it.
        """
        self._check_time()
        return self._pulled(locked) if locked.is_oci else self._downloaded(locked)

    def _downloaded(self, locked: ChartDependency) -> Archive:
        url = self._urls(locked).get(locked.version)
        if url is None:
            raise InvalidError(
                f"{locked.name} {locked.version} not found in repo {locked.repository}"
            )
        name = urlsplit(url).path.rpartition("/")[2]
        if not is_plain_file_name(name):
            raise InvalidError(f"the address {_shown(url)} of {locked.name} names no file")
        credential = self._credential(locked.repository)
        shown = credential if _origin(url) == _origin(locked.repository) else None
        content = self._got(url, shown, timeout=_CHART_TIMEOUT, limit=MAX_CHART_BYTES)
        return Archive(name, content)

    def _urls(self, dependency: ChartDependency) -> Mapping[str, str]:
        repository, name = dependency.repository, dependency.name
        if (repository, name) not in self._listed:
            listed = chart_urls(self._index(repository), name=name, repository=repository)
            self._listed[repository, name] = listed
        return self._listed[repository, name]

    def _index(self, repository: str) -> bytes:
        """Return an index; those that were read last are kept, as far as they are small."""
        if repository not in self._indexes:
            self._check_time()
            self._indexes[repository] = self._read_index(repository)
            while sum(map(len, self._indexes.values())) > MAX_INDEX_BYTES:
                del self._indexes[next(iter(self._indexes))]
        return self._indexes[repository]

    def _read_index(self, repository: str) -> bytes:
        parts = urlsplit(repository)
        if parts.scheme not in _PORTS:
            raise InvalidError(
                f'the repository "{repository}" is none that can be read: write an address that'
                " begins with https://, oci:// or file://"
            )
        url = parts._replace(path=f"{parts.path.rstrip('/')}/index.yaml").geturl()
        credential = self._credential(repository)
        return self._got(url, credential, timeout=_INDEX_TIMEOUT, limit=MAX_INDEX_BYTES)

    def _got(
        self, url: str, credential: Credential | None, *, timeout: timedelta, limit: int
    ) -> bytes:
        headers = (("Authorization", _basic(credential)),) if credential is not None else ()
        response = self.repositories.http.send(
            HttpRequest("GET", url, timeout=timeout, max_bytes=limit, headers=headers)
        )
        if response.status != _OK:
            raise UpstreamError(
                f"failed to fetch {_shown(url)} : {response.status}",
                retryable=True,
                code="chart_repository",
            )
        return response.content

    def _check_time(self) -> None:
        if time.monotonic() > self._until:
            raise UpstreamError(
                f"the charts could not be fetched within {LONGEST_FETCH.seconds // 60} minutes",
                retryable=True,
                code="chart_repository",
            )

    def _credential(self, repository: str) -> Credential | None:
        return self.repositories.credentials.find(
            tenant_uid=self.tenant_uid,
            project=self.project,
            kind=CredentialType.HELM,
            repo_url=repository,
        )

    def _pulled(self, locked: ChartDependency) -> Archive:
        repository = self._oci_repository(locked)
        tag = locked.version.replace("+", "_")
        manifest = self.repositories.artifacts.manifest(repository, tag)
        layer = layer_of(manifest, _CHART_LAYER)
        if layer.size > MAX_CHART_BYTES:
            raise InvalidError(f"{locked.name} is larger than {MAX_CHART_BYTES} bytes")
        with self.repositories.artifacts.blob(repository, layer) as pieces:
            content = b"".join(pieces)
        return Archive(f"{locked.name}-{locked.version}.tgz", content)

    def _oci_repository(self, dependency: ChartDependency) -> Repository:
        """Return a chart's repository; the first credential found for a host serves all of it."""
        path = dependency.repository.removeprefix(OCI).strip("/")
        host = path.partition("/")[0]
        repository = Repository(f"{path}/{dependency.name}")
        if host not in self._hosts:
            looked_up = f"{OCI}{normalise_chart_url(OCI + path)}/{dependency.name}"
            found = self._credential(looked_up)
            if found is None:
                return repository
            self._hosts[host] = found
        return replace(repository, credential=self._hosts[host])


def _basic(credential: Credential) -> str:
    joined = f"{credential.username}:{credential.password}".encode()
    return f"Basic {base64.b64encode(joined).decode()}"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _shown(url: str) -> str:
    """Return an address without what may be secret in it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts._replace(
        netloc=f"{host}:{parts.port}" if parts.port else host, query="", fragment=""
    ).geturl()

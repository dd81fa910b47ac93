"""Reads container registries over the OCI distribution API.

Source: https://github.com/opencontainers/distribution-spec and Kargo ``pkg/image``.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from common.errors import NotFoundError, UpstreamError
from common.http import Response
from common.jsontypes import JSONObject, as_list
from promotions.engine.images import (
    Descriptor,
    ImageDetails,
    Platform,
    annotations_of,
    config_digest,
    created_by_annotations,
    created_by_config,
    descriptors,
    is_index,
    latest,
)
from promotions.gateways.oci.cache import LastUsed
from promotions.gateways.oci.connection import Connections, RegistryConnection
from promotions.gateways.oci.documents import ACCEPT, NOT_FOUND, head_digest, verified
from promotions.ports.oci import Repository

PAGE_SIZE = 1000
MAX_PAGES = 200
MAX_TAGS = 100_000
CACHED_IMAGES = 10_000
MAX_NESTING = 3

_NEXT = re.compile(r'<(?P<target>[^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


class OciRegistry:
    """Satisfies :class:`promotions.ports.oci.ImageRegistry` with real registries."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._by_digest: LastUsed[tuple[str, ...], ImageDetails] = LastUsed(CACHED_IMAGES)
        self._by_tag: LastUsed[tuple[str, ...], ImageDetails] = LastUsed(CACHED_IMAGES)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Return all tags, following pages."""
        connection = RegistryConnection(self._connections, repository)
        url = connection.url(f"tags/list?n={PAGE_SIZE}")
        found: dict[str, None] = {}
        seen: set[str] = set()
        while url and url not in seen and len(seen) < MAX_PAGES and len(found) < MAX_TAGS:
            seen.add(url)
            response = connection.get(url)
            if response.status == NOT_FOUND:
                raise connection.missing()
            listed = as_list(connection.document(response).get("tags", ()))
            found |= dict.fromkeys(tag for tag in listed if isinstance(tag, str))
            url = _next_page(response, url)
        if not found:
            raise NotFoundError(
                f"The repository {repository.url} exists and has no tags yet.", code="no_tags"
            )
        return tuple(found)

    def resolve(
        self,
        repository: Repository,
        tag: str,
        *,
        platform: Platform | None = None,
        cache_by_tag: bool = False,
    ) -> ImageDetails | None:
        """Return what a tag stands for, or ``None`` if there is no such image."""
        connection = RegistryConnection(self._connections, repository)
        seen_by = (connection.identity, str(repository.verify_tls))
        key = (repository.url, tag, *seen_by, repr(platform))
        known = self._by_tag.get(key)
        if known is not None and cache_by_tag:
            return known
        if known is not None and head_digest(connection, tag) == known.digest:
            return known
        details = self._fetched(connection, tag, platform=platform)
        if details is not None:
            self._by_tag.put(key, details)
        return details

    def digest_of(self, repository: Repository, tag: str) -> str | None:
        """Return the digest of a tag now."""
        connection = RegistryConnection(self._connections, repository)
        digest = head_digest(connection, tag)
        if digest:
            return digest
        response = connection.get(connection.url(f"manifests/{tag}"), accept=ACCEPT)
        return None if response.status == NOT_FOUND else verified(response, "", connection.host)

    def _fetched(
        self, connection: RegistryConnection, tag: str, *, platform: Platform | None
    ) -> ImageDetails | None:
        response = connection.get(connection.url(f"manifests/{tag}"), accept=ACCEPT)
        if response.status == NOT_FOUND:
            return None
        digest = verified(response, "", connection.host)
        key = (connection.host, connection.reference.repository, digest, repr(platform))
        details = self._by_digest.get(key) or _Reader(connection).details(
            response, digest, platform=platform
        )
        if details is None:
            return None
        self._by_digest.put(key, details)
        return replace(details, tag=tag)


class _Reader:
    """Works out the details of one image from the documents it consists of."""

    def __init__(self, connection: RegistryConnection) -> None:
        self._connection = connection

    def details(
        self, response: Response, digest: str, *, platform: Platform | None
    ) -> ImageDetails | None:
        """Return an image or index by its document; ``None`` if it is not of the platform."""
        document = self._connection.document(response)
        if not is_index(document, media_type=response.header("Content-Type")):
            return self._image(document, digest) if platform is None else None
        referred = descriptors(document, platform=platform)
        if not referred:
            return None
        own = annotations_of(document)
        created = created_by_annotations(own) or latest(
            *(self._created(it, nesting=1) for it in referred)
        )
        annotations = own if platform is None else self._with_platform(own, referred[0])
        return ImageDetails("", digest, created, annotations)

    def _image(self, manifest: JSONObject, digest: str) -> ImageDetails:
        annotations = annotations_of(manifest)
        return ImageDetails("", digest, self._image_created(manifest), annotations)

    def _with_platform(self, own: Mapping[str, str], wanted: Descriptor) -> Mapping[str, str]:
        manifest = self._referred(wanted)
        return {**own, **wanted.annotations, **annotations_of(manifest)}

    def _created(self, referred: Descriptor, *, nesting: int) -> datetime | None:
        own = created_by_annotations(referred.annotations)
        if own is not None or nesting > MAX_NESTING:
            return own
        document = self._referred(referred)
        if not is_index(document, media_type=referred.media_type):
            return self._image_created(document)
        return created_by_annotations(annotations_of(document)) or latest(
            *(self._created(it, nesting=nesting + 1) for it in descriptors(document, platform=None))
        )

    def _image_created(self, manifest: JSONObject) -> datetime | None:
        stated = created_by_annotations(annotations_of(manifest))
        digest = config_digest(manifest)
        if stated is not None or not digest:
            return stated
        return created_by_config(self._blob(f"blobs/{digest}", digest))

    def _referred(self, referred: Descriptor) -> JSONObject:
        return self._blob(f"manifests/{referred.digest}", referred.digest)

    def _blob(self, path: str, digest: str) -> JSONObject:
        """Return a JSON document by its digest."""
        response = self._connection.get(self._connection.url(path), accept=f"{ACCEPT}, */*")
        if response.status == NOT_FOUND:
            raise UpstreamError(
                f"The registry {self._connection.host} lacks {digest}, which an image refers to.",
                retryable=True,
                code="registry_error",
            )
        verified(response, digest, self._connection.host)
        return self._connection.document(response)


def _next_page(response: Response, url: str) -> str:
    """Return the address of the next page on the same host, or the empty string."""
    match = _NEXT.search(response.header("Link"))
    try:
        target = urljoin(url, match["target"]) if match else ""
        return target if urlsplit(target).netloc == urlsplit(url).netloc else ""
    except ValueError:
        return ""

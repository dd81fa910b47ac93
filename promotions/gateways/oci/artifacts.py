"""Reads whole artifacts from registries, and copies them between repositories."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from common.errors import InvalidError, NotFoundError
from common.http import Response
from common.jsontypes import JSONObject
from promotions.engine.artifacts import (
    DEFAULT_PLATFORM,
    Artifact,
    Blob,
    image_of,
    is_artifact,
    listed,
)
from promotions.engine.images import INDEX_TYPES
from promotions.gateways.oci.blobs import blob_pieces
from promotions.gateways.oci.connection import Connections, RegistryConnection
from promotions.gateways.oci.documents import (
    ACCEPT,
    NOT_FOUND,
    head_digest,
    media_type_of,
    verified,
)
from promotions.gateways.oci.failures import Patience
from promotions.gateways.oci.uploads import put_blob, put_document
from promotions.ports.oci import Repository

MAX_DOCUMENTS = 500
MAX_DOCUMENTS_BYTES = 32 * 1024 * 1024
MAX_NESTING = 3


class OciArtifacts:
    """Satisfies :class:`promotions.ports.oci.ArtifactRegistry` with real registries."""

    def __init__(self, connections: Connections, *, patience: Patience | None = None) -> None:
        self._connections = connections
        self._patience = patience or Patience()

    def artifact(self, repository: Repository, reference: str) -> Artifact:
        """Return what a tag or digest stands for, with all that an index lists."""
        connection = RegistryConnection(self._connections, repository)
        return _Reading(connection, self._patience).whole(reference)

    def manifest(self, repository: Repository, reference: str) -> JSONObject:
        """Return the manifest that a tag or digest stands for; of an index, linux/amd64's."""
        connection = RegistryConnection(self._connections, repository)
        reading = _Reading(connection, self._patience)
        for _ in range(MAX_NESTING + 1):
            found = reading.one(reference)
            if not is_artifact(found.media_type):
                raise InvalidError(f'unsupported media type "{found.media_type}"')
            if not found.is_index:
                return found.document
            reference = image_of(found.document, DEFAULT_PLATFORM).digest
        raise InvalidError("the index lists indexes that list indexes, and so on")

    @contextmanager
    def blob(self, repository: Repository, blob: Blob) -> Iterator[Iterator[bytes]]:
        """Give a blob piece by piece, as stored."""
        connection = RegistryConnection(self._connections, repository)
        with closing(blob_pieces(connection, blob, patience=self._patience)) as pieces:
            yield pieces

    def push(self, artifact: Artifact, *, source: Repository, target: Repository, tag: str) -> None:
        """Make a tag of the target stand for the artifact."""
        reading = RegistryConnection(self._connections, source)
        writing = _writing(self._connections, target, reading)
        if self._patience(lambda: head_digest(writing, tag)) == artifact.digest:
            return
        if not _is_same(reading, writing):
            self._copy_blobs(artifact, reading, writing)
        for document in artifact.manifests():
            named = tag if document is artifact else ""
            self._patience(partial(put_document, writing, document, tag=named))

    def _copy_blobs(
        self, artifact: Artifact, reading: RegistryConnection, writing: RegistryConnection
    ) -> None:
        mount_from = reading.reference.repository if reading.host == writing.host else ""
        for blob in dict.fromkeys(it for it in artifact.blobs() if it.is_stored):
            pieces = partial(blob_pieces, reading, blob, patience=self._patience)
            self._patience(partial(put_blob, writing, blob, pieces, mount_from=mount_from))


class _Reading:
    """Fetches the documents of one artifact, not too many of them."""

    def __init__(self, connection: RegistryConnection, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self._documents = 0
        self._bytes = 0

    def whole(self, reference: str, *, nesting: int = 0) -> Artifact:
        """Return an artifact with everything that it lists."""
        found = self.one(reference)
        if found.media_type not in INDEX_TYPES:
            return found
        if nesting > MAX_NESTING:
            raise InvalidError("the index lists indexes that list indexes, and so on")
        children = tuple(
            self.whole(child.digest, nesting=nesting + 1) for child in listed(found.document)
        )
        return Artifact(found.media_type, found.content, children)

    def one(self, reference: str) -> Artifact:
        """Return one document, as far as it can be told without what it lists."""
        response = self._patience(partial(self._fetched, reference))
        self._documents += 1
        self._bytes += len(response.content)
        if self._documents > MAX_DOCUMENTS or self._bytes > MAX_DOCUMENTS_BYTES:
            raise InvalidError(f"the artifact has more than {MAX_DOCUMENTS} manifests")
        return Artifact(media_type_of(self._connection, response), response.content)

    def _fetched(self, reference: str) -> Response:
        connection = self._connection
        response = connection.get(connection.url(f"manifests/{reference}"), accept=ACCEPT)
        if response.status == NOT_FOUND:
            raise NotFoundError(
                f"The registry {connection.host} has no {reference} in"
                f" {connection.reference.repository}.",
                code="artifact_unknown",
            )
        verified(response, reference if ":" in reference else "", connection.host)
        return response


def _is_same(one: RegistryConnection, other: RegistryConnection) -> bool:
    return (one.host, one.reference.repository) == (other.host, other.reference.repository)


def _writing(
    connections: Connections, target: Repository, reading: RegistryConnection
) -> RegistryConnection:
    """Return the connection to push with; on the same registry it may also read the source."""
    writing = RegistryConnection(connections, target)
    scopes = [f"repository:{writing.reference.repository}:pull,push"]
    if writing.host == reading.host and not _is_same(reading, writing):
        scopes.append(f"repository:{reading.reference.repository}:pull")
    return RegistryConnection(connections, target, scopes=scopes)

"""Reads manifests and indexes, and checks that they are what their digests promise."""

import hashlib

from common.errors import UpstreamError
from common.http import Response
from common.jsontypes import as_text
from promotions.engine.artifacts import is_artifact
from promotions.engine.images import INDEX_TYPES, MANIFEST_TYPES
from promotions.gateways.oci.connection import RegistryConnection

ACCEPT = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
"""All kinds of documents that are understood."""

NOT_FOUND = 404


def head_digest(connection: RegistryConnection, reference: str) -> str:
    """Return the digest of a tag without fetching it; empty if unknown."""
    url = connection.url(f"manifests/{reference}")
    response = connection.get(url, accept=ACCEPT, method="HEAD")
    return "" if response.status == NOT_FOUND else response.header("Docker-Content-Digest")


def verified(response: Response, expected: str, host: str) -> str:
    """Return the digest of a document, computed, if it is the one that was promised.

    Raises:
        UpstreamError: It is another.
    """
    digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
    promised = expected or response.header("Docker-Content-Digest") or digest
    if promised.startswith("sha512:"):
        digest = f"sha512:{hashlib.sha512(response.content).hexdigest()}"
    if digest != promised:
        raise UpstreamError(
            f"The registry {host} sent a document that does not have the digest {promised}.",
            retryable=True,
            code="digest_mismatch",
        )
    return digest


def media_type_of(connection: RegistryConnection, response: Response) -> str:
    """Return the media type that a document is served as, or else declares."""
    served = response.header("Content-Type").partition(";")[0].strip()
    if is_artifact(served):
        return served
    return as_text(connection.document(response).get("mediaType")) or served

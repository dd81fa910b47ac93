"""What discovery and steps may ask of a registry of container images and other artifacts."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from common.jsontypes import JSONObject
from promotions.engine.artifacts import Artifact, Blob
from promotions.engine.images import ImageDetails, Platform
from promotions.ports.credentials import Credential


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of images, and how to get at it.

    Attributes:
        url: Such as ``ghcr.io/team/app``; no tag.
        credential: ``None`` is anonymous.
        verify_tls: Check the registry's certificate.
    """

    url: str
    credential: Credential | None = field(default=None, repr=False)
    verify_tls: bool = True


class ImageRegistry(Protocol):
    """Reads registries.

    Every method may raise, with words for a person in the message::

        InvalidError                        the URL is not a repository, or an answer makes no sense
        NotFoundError   repository_unknown  no such repository
                        no_tags             it exists and holds no tag (``tags`` only)
        UpstreamError   registry_auth       the registry refused the credential
                        registry_limit      too many requests; retryable
                        registry_error      the registry failed; retryable
                        upstream_timeout, upstream_unreachable, host_unresolved   retryable
                        egress_refused, response_too_large, digest_mismatch
    """

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Return all tags, in the registry's order; at least one."""
        ...

    def resolve(
        self,
        repository: Repository,
        tag: str,
        *,
        platform: Platform | None = None,
        cache_by_tag: bool = False,
    ) -> ImageDetails | None:
        """Return what a tag stands for.

        ``None`` means that there is no such tag, or that it is not of the platform.

        Args:
            repository: Where to look.
            tag: The tag.
            platform: Accept only a multi-platform image that has this one.
            cache_by_tag: The tag never moves, so an earlier answer will do.
        """
        ...

    def digest_of(self, repository: Repository, tag: str) -> str | None:
        """Return the digest that a tag stands for now, or ``None`` if there is no such tag."""
        ...


class ArtifactRegistry(Protocol):
    """Copies artifacts between registries, and reads from them; errors as of ``ImageRegistry``.

    What failed for a moment is tried again here, a few times.
    """

    def artifact(self, repository: Repository, reference: str) -> Artifact:
        """Return what a tag or digest stands for, with all that an index lists.

        The media type may be one that cannot be copied; it has no children then.

        Raises:
            NotFoundError: There is no such tag or digest.
        """
        ...

    def manifest(self, repository: Repository, reference: str) -> JSONObject:
        """Return the manifest that a tag or digest stands for; of an index, linux/amd64's.

        Raises:
            NotFoundError: There is no such tag or digest.
        """
        ...

    def blob(self, repository: Repository, blob: Blob) -> AbstractContextManager[Iterator[bytes]]:
        """Give a blob piece by piece, as stored.

        The pieces raise ``UpstreamError`` if it is not as large as it should be or has not the
        right digest, at the latest after the last of them.
        """
        ...

    def push(self, artifact: Artifact, *, source: Repository, target: Repository, tag: str) -> None:
        """Make a tag of the target stand for the artifact; what is there is not sent again.

        Args:
            artifact: May have been annotated since it was read.
            source: Where its blobs are.
            target: Where it goes.
            tag: What points to it afterwards.
        """
        ...

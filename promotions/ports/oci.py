"""What discovery may ask of a registry of container images."""

from dataclasses import dataclass, field
from typing import Protocol

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

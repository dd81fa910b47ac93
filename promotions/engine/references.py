"""Reads references to container images, such as ``ghcr.io/team/app:1.2@sha256:…``.

Source: ``github.com/google/go-containerregistry/pkg/name``, weak validation: what a registry might
accept, with Docker Hub as the default. A scheme passes for a registry there: ``https://host/a:b``
is the tag ``b`` of the repository ``/host/a`` on ``https:``.
"""

import re
from dataclasses import dataclass, replace

from common.errors import InvalidError
from promotions.engine.gourl import parse_url

DOCKER_HUB = "index.docker.io"
DOCKER_HUB_DIRECT = "registry-1.docker.io"

_HUB_ALIAS = "docker.io"
_REPOSITORY = re.compile(r"[a-z0-9_\-./]{2,255}")
_TAG = re.compile(r"[a-zA-Z0-9_\-.]{1,128}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A reference in parts; ``tag`` and ``digest`` are empty where it has none."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""


def parse_reference(text: str) -> ImageReference | None:
    """Return the parts of ``text``, or ``None`` if it is not an image reference."""
    rest, at, digest = text.partition("@")
    name, tag = _split_tag(rest)
    registry, repository = _split_registry(name)
    if (
        (at and _DIGEST.fullmatch(digest) is None)
        or (tag is not None and _TAG.fullmatch(tag) is None)
        or not _is_host(registry)
        or _REPOSITORY.fullmatch(repository) is None
    ):
        return None
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return ImageReference(registry, repository, tag or "", digest)


def resolve_reference(text: str) -> ImageReference:
    """Return the reference to pull: without a tag or digest that is the tag ``latest``.

    A digest makes the tag irrelevant, so it is left out. A leading ``oci://`` is dropped.

    Raises:
        InvalidError: ``text`` is not an image reference.
    """
    reference = parse_reference(text.removeprefix("oci://"))
    if reference is None:
        raise InvalidError(f"{text!r} is not an image reference; write registry/repository:tag.")
    if reference.digest:
        return replace(reference, tag="")
    return replace(reference, tag=reference.tag or "latest")


def _split_tag(text: str) -> tuple[str, str | None]:
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        return text, None
    return name, tag


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first):
        return DOCKER_HUB, name
    return DOCKER_HUB if first == _HUB_ALIAS else first, rest


def _is_host(registry: str) -> bool:
    try:
        return parse_url(f"//{registry}").host == registry
    except InvalidError:
        return False

"""Reads references to container images, such as ``ghcr.io/team/app:1.2@sha256:…``.

Source: the grammar of ``github.com/distribution/reference``, with Docker Hub as the default.
"""

import re
from dataclasses import dataclass, replace

from common.errors import InvalidError

DOCKER_HUB = "index.docker.io"

_HUB_ALIASES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_LONGEST_NAME = 255


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
        len(name) > _LONGEST_NAME
        or (at and _DIGEST.fullmatch(digest) is None)
        or (tag is not None and _TAG.fullmatch(tag) is None)
        or _REGISTRY.fullmatch(registry) is None
        or _REPOSITORY.fullmatch(repository) is None
    ):
        return None
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
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        first, rest = DOCKER_HUB, name
    if first not in _HUB_ALIASES:
        return first, rest
    return DOCKER_HUB, rest if "/" in rest else f"library/{rest}"

"""What an artifact in a registry consists of: manifests, indexes of them, and blobs.

Works on documents that somebody else has fetched. A document is kept as the bytes that were
stored, since its digest is over them. Source: the OCI image specification, and Kargo's ``oci-push``
step and ``pkg/image/mutate``.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.images import INDEX_TYPES, MANIFEST_TYPES, Platform, annotations_of

DEFAULT_PLATFORM = Platform("linux", "amd64")
"""Whose image an index stands for where only one is wanted."""

_DIGESTS: Mapping[str, int] = {"sha256:": 64, "sha512:": 128}
_HEX = frozenset("0123456789abcdef")
_INDEX, _MANIFEST = "index:", "manifest:"
_ELSEWHERE = (".foreign.", ".nondistributable.")
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@dataclass(frozen=True, slots=True)
class Blob:
    """What a manifest or an index says of something that it refers to; ``size`` in bytes."""

    media_type: str
    digest: str
    size: int

    @property
    def is_stored(self) -> bool:
        """Return whether registries keep it; some layers may only be had from their maker."""
        return not any(part in self.media_type for part in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A manifest, or an index with all that it lists.

    Attributes:
        media_type: Says which of the two it is.
        content: As stored.
        children: What an index lists, in its order.
    """

    media_type: str
    content: bytes = field(repr=False)
    children: tuple["Artifact", ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of the document itself."""
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"

    @property
    def is_index(self) -> bool:
        """Return whether it lists others."""
        return self.media_type in INDEX_TYPES

    @property
    def document(self) -> JSONObject:
        """Return what it says.

        Raises:
            InvalidError: It is not a JSON object.
        """
        return as_object(_parsed(self.content))

    def manifests(self) -> Iterator["Artifact"]:
        """Yield what it lists at any depth and then itself, so that nothing comes too early."""
        for child in self.children:
            yield from child.manifests()
        yield self

    def blobs(self) -> tuple[Blob, ...]:
        """Return the configuration and layers of all its manifests; repeated if shared.

        Raises:
            InvalidError: A manifest is malformed.
        """
        return tuple(
            blob for it in self.manifests() if not it.is_index for blob in _blobs(it.document)
        )


def is_artifact(media_type: str) -> bool:
    """Return whether a document of this type can be copied."""
    return media_type in INDEX_TYPES | MANIFEST_TYPES


def listed(index: JSONObject) -> tuple[Blob, ...]:
    """Return what an index lists.

    Raises:
        InvalidError: An entry is malformed.
    """
    return tuple(_blob(as_object(it)) for it in as_list(index.get("manifests")))


def image_of(index: JSONObject, platform: Platform) -> Blob:
    """Return the first image that an index lists for a platform, of whatever variant.

    An entry that names no platform is for the default one.

    Raises:
        InvalidError: It lists none.
    """
    for entry in map(as_object, as_list(index.get("manifests"))):
        if _platform(entry) == (platform.os, platform.architecture):
            return _blob(entry)
    raise InvalidError(f"the index has no image for {platform.os}/{platform.architecture}")


def layer_of(manifest: JSONObject, media_type: str) -> Blob:
    """Return the first layer of a media type, or the first of all if ``media_type`` is empty.

    Raises:
        InvalidError: There is none, or it is malformed.
    """
    layers = [as_object(it) for it in as_list(manifest.get("layers"))]
    if not layers:
        raise InvalidError("image has no layers")
    for layer in layers:
        if not media_type or layer.get("mediaType") == media_type:
            return _blob(layer)
    raise InvalidError(f'no layer found with media type "{media_type}"')


def compressed_size(artifact: Artifact) -> int:
    """Return how many bytes all configurations and layers have, as their manifests say.

    Raises:
        InvalidError: A manifest is malformed.
    """
    return sum(blob.size for blob in artifact.blobs())


def annotated(artifact: Artifact, annotations: Mapping[str, str]) -> Artifact:
    """Return the artifact with annotations added, or replaced where it has them.

    Keys that begin with ``index:`` are for the index, and ignored where there is none; keys that
    begin with ``manifest:`` or neither are for each manifest. An index refers to the manifests as
    they become. What gets no annotation keeps its bytes and its digest.

    Raises:
        InvalidError: A document is malformed.
    """
    of_index = {
        key.removeprefix(_INDEX): value
        for key, value in annotations.items()
        if key.startswith(_INDEX)
    }
    of_manifest = {
        key.removeprefix(_MANIFEST): value
        for key, value in annotations.items()
        if not key.startswith(_INDEX)
    }
    if not artifact.is_index:
        return _with(artifact, of_manifest)
    children = tuple(
        child if child.is_index else _with(child, of_manifest) for child in artifact.children
    )
    moved = {
        old.digest: new
        for old, new in zip(artifact.children, children, strict=True)
        if new is not old
    }
    return _with(replace(artifact, children=children), of_index, moved=moved)


def byte_count(size: int) -> str:
    """Return a size in words, such as ``1.0 GiB`` or ``17 bytes``.

    Source: Kargo ``pkg/fmt``.
    """
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def is_digest(text: str) -> bool:
    """Return whether the text is a digest that can be checked."""
    return any(
        text.startswith(name)
        and len(text) == len(name) + length
        and _HEX.issuperset(text[len(name) :])
        for name, length in _DIGESTS.items()
    )


def _with(
    artifact: Artifact,
    annotations: Mapping[str, str],
    *,
    moved: Mapping[str, Artifact] | None = None,
) -> Artifact:
    """Return a document with annotations, and with new digests and sizes where children moved."""
    if not annotations and not moved:
        return artifact
    document: dict[str, JSONValue] = dict(artifact.document)
    if annotations:
        document["annotations"] = {**annotations_of(document), **annotations}
    if moved:
        document["manifests"] = [
            _redirected(as_object(it), moved) for it in as_list(document["manifests"])
        ]
    content = json.dumps(document, separators=(",", ":")).encode()
    return replace(artifact, content=content)


def _redirected(entry: JSONObject, moved: Mapping[str, Artifact]) -> JSONObject:
    target = moved.get(as_text(entry.get("digest")))
    if target is None:
        return entry
    return {**entry, "digest": target.digest, "size": len(target.content)}


def _platform(entry: JSONObject) -> tuple[str, str]:
    found = as_object(entry.get("platform"))
    if not found:
        return DEFAULT_PLATFORM.os, DEFAULT_PLATFORM.architecture
    return as_text(found.get("os")), as_text(found.get("architecture"))


def _blobs(manifest: JSONObject) -> tuple[Blob, ...]:
    parts = (manifest.get("config"), *as_list(manifest.get("layers")))
    return tuple(_blob(as_object(it)) for it in parts if it is not None)


def _blob(entry: JSONObject) -> Blob:
    digest, size = as_text(entry.get("digest")), entry.get("size")
    if not is_digest(digest):
        raise InvalidError(f'the artifact refers to the digest "{digest[:80]}", which is none')
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise InvalidError(f"the artifact does not say how large {digest} is")
    return Blob(as_text(entry.get("mediaType")), digest, size)


def _parsed(content: bytes) -> JSONValue:
    try:
        value: JSONValue = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidError("a document of the artifact is not JSON") from error
    return value

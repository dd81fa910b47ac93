"""What is known of a container image: its digest, when it was made, and its annotations.

Works on registry documents that somebody else has fetched. Source: Kargo ``pkg/image``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})

_CREATED = ("org.opencontainers.image.created", "org.label-schema.build-date")
_UNKNOWN = frozenset({"", "unknown"})


@dataclass(frozen=True, slots=True)
class Platform:
    """An operating system, an architecture and perhaps its variant; all three must be equal."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Read ``os/arch`` or ``os/arch/variant``.

        Raises:
            InvalidError: It is neither.
        """
        parts = text.split("/")
        if len(parts) not in {2, 3} or not all(parts):
            raise InvalidError(f'"{text}" is not a platform; write os/arch or os/arch/variant.')
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class ImageDetails:
    """One tag of a repository, resolved. ``created_at`` is ``None`` if the image does not say."""

    tag: str
    digest: str
    created_at: datetime | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A reference from an index to an image; ``platform`` is ``None`` if it names none."""

    media_type: str
    digest: str
    platform: Platform | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_image(self) -> bool:
        """Return whether it refers to an image or an index of images."""
        return self.media_type in INDEX_TYPES | MANIFEST_TYPES


def is_index(document: JSONObject, *, media_type: str) -> bool:
    """Return whether a registry document lists images rather than being one."""
    declared = as_text(document.get("mediaType")) or media_type.partition(";")[0].strip()
    return declared in INDEX_TYPES or (declared not in MANIFEST_TYPES and "manifests" in document)


def annotations_of(document: JSONValue) -> Mapping[str, str]:
    """Return the annotations of an index, a manifest or a descriptor."""
    annotations = as_object(as_object(document).get("annotations", {}))
    return {key: value for key, value in annotations.items() if isinstance(value, str)}


def descriptors(index: JSONObject, *, platform: Platform | None) -> tuple[Descriptor, ...]:
    """Return the images that an index refers to: all with a known platform, or the one wanted.

    An empty result means that no image is of the wanted platform.

    Raises:
        InvalidError: The index refers to no image with a known platform.
    """
    listed = map(_descriptor, map(as_object, as_list(index.get("manifests", ()))))
    known = tuple(it for it in listed if it.is_image and it.platform is not None)
    if not known:
        raise InvalidError("The image index is empty: it refers to no image with a platform.")
    if platform is None:
        return known
    return tuple(it for it in known if it.platform == platform)[:1]


def config_digest(manifest: JSONObject) -> str:
    """Return the digest of a manifest's configuration; empty if it names none."""
    return as_text(as_object(manifest.get("config", {})).get("digest"))


def created_by_annotations(annotations: Mapping[str, str]) -> datetime | None:
    """Return the time that annotations or labels state; OCI's name goes before the older one."""
    times = (parse_time(annotations.get(name, "")) for name in _CREATED)
    return next((time for time in times if time is not None), None)


def created_by_config(config: JSONObject) -> datetime | None:
    """Return the later of a configuration's ``created`` and what its labels state."""
    labels = as_object(as_object(config.get("config", {})).get("Labels", {}))
    texts = {key: value for key, value in labels.items() if isinstance(value, str)}
    return latest(parse_time(as_text(config.get("created"))), created_by_annotations(texts))


def latest(*times: datetime | None) -> datetime | None:
    """Return the latest of the times that are known, or ``None``."""
    return max((time for time in times if time is not None), default=None)


def parse_time(text: str) -> datetime | None:
    """Return the time that RFC 3339 text states, in UTC, or ``None`` if it states none."""
    try:
        time = datetime.fromisoformat(_microseconds(text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo is not None else None


def _microseconds(text: str) -> str:
    """Cut fractions of a second to the six digits that Python can keep."""
    head, dot, rest = text.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}{dot}{rest[: min(digits, 6)].ljust(6, '0')}{rest[digits:]}" if dot else text


def _descriptor(entry: JSONObject) -> Descriptor:
    platform = as_object(entry.get("platform", {}))
    os, architecture = as_text(platform.get("os")), as_text(platform.get("architecture"))
    is_known = os not in _UNKNOWN and architecture not in _UNKNOWN
    return Descriptor(
        media_type=as_text(entry.get("mediaType")),
        digest=as_text(entry.get("digest")),
        platform=Platform(os, architecture, as_text(platform.get("variant"))) if is_known else None,
        annotations=annotations_of(entry),
    )

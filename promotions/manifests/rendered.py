"""Keeps manifests as the bytes that lists send, for as long as their objects do not change.

An object's ``revision`` moves with everything that its manifest shows, so what was written for a
revision stays true. Objects that no Change told of yet have none and are written every time.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import orjson
from django.conf import settings

from common.collection import no_collection
from common.models import Resource

RowT = TypeVar("RowT", bound=Resource)


class Version(NamedTuple):
    """An object as it is now; ``others`` are the revisions of what its manifest also shows."""

    uid: UUID
    revision: int
    others: tuple[int | None, ...] = ()

    @property
    def can_be_kept(self) -> bool:
        """Whether it will have another version as soon as it changes."""
        return bool(self.revision) and 0 not in self.others


class KeptManifests:
    """Bytes by version, of no more than ``limit_bytes``; what was used longest ago goes first."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._size_bytes = 0
        self._kept: OrderedDict[Version, bytes] = OrderedDict()
        self._lock = Lock()

    @property
    def size_bytes(self) -> int:
        """How much is kept."""
        return self._size_bytes

    def find(self, versions: Iterable[Version]) -> dict[Version, bytes]:
        """Return those that are there."""
        found = {}
        with self._lock:
            for version in versions:
                manifest = self._kept.get(version)
                if manifest is not None:
                    self._kept.move_to_end(version)
                    found[version] = manifest
        return found

    def keep(self, manifests: Mapping[Version, bytes]) -> None:
        """Add these, and let go of others if there is no room."""
        with self._lock:
            for version, manifest in manifests.items():
                self._size_bytes += len(manifest) - len(self._kept.pop(version, b""))
                self._kept[version] = manifest
            while self._size_bytes > self._limit_bytes and self._kept:
                _, oldest = self._kept.popitem(last=False)
                self._size_bytes -= len(oldest)


_KEPT = KeptManifests(settings.KEPT_MANIFESTS_BYTES)


def kept_bytes() -> int:
    """Return how much this process keeps."""
    return _KEPT.size_bytes


class Rendering(NamedTuple, Generic[RowT]):
    """How manifests of a kind are written.

    Attributes:
        fetch: Returns objects by their uids, with all that writing them reads; ``None`` is all
            objects that the list is of.
        version_of: Returns the version of an object so fetched.
        write: Returns its manifest.
    """

    fetch: Callable[[Sequence[UUID] | None], Iterable[RowT]]
    version_of: Callable[[RowT], Version]
    write: Callable[[RowT], dict[str, Any]]


def version_of(resource: Resource) -> Version:
    """Return the version of an object whose manifest shows no other's state."""
    return Version(resource.uid, resource.revision)


def rendered(versions: Sequence[Version], how: Rendering[RowT]) -> list[orjson.Fragment]:
    """Return the manifests of objects, ready to be sent, in the order given.

    As :func:`rendered_by_uid` says.
    """
    manifests = rendered_by_uid(versions, how)
    return [manifests[it.uid] for it in versions if it.uid in manifests]


def rendered_by_uid(
    versions: Sequence[Version], how: Rendering[RowT]
) -> dict[UUID, orjson.Fragment]:
    """Return the manifests of objects, ready to be sent.

    Only those that are not kept are fetched, all at once. What was deleted meanwhile is left out;
    what changed meanwhile is as it is now.
    """
    found = _KEPT.find(versions)
    manifests = {version.uid: it for version, it in found.items()}
    missing = [version.uid for version in versions if version.uid not in manifests]
    if missing:
        with no_collection():
            rows = how.fetch(None if len(missing) == len(versions) else missing)
            written = {how.version_of(row): orjson.dumps(how.write(row)) for row in rows}
            del rows
        _KEPT.keep({version: it for version, it in written.items() if version.can_be_kept})
        manifests |= {version.uid: it for version, it in written.items()}
    return {uid: orjson.Fragment(it) for uid, it in manifests.items()}

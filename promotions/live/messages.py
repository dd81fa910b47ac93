"""What is told of a change, and to whom."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import orjson

from projects.models import ChangeType

KEEP_ALIVE = b": keepalive\n\n"
OUT_OF_RANGE = "out_of_range"
"""Tells a client to list again, and to follow from there."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What somebody follows: a kind, or one object of it by name; without a kind, everything.

    Attributes:
        owner_uid: Of the project, or of the tenant for what belongs to no project.
    """

    owner_uid: UUID
    kind: str = ""
    name: str = ""


@dataclass(frozen=True)
class Document:
    """An object as a GET shows it, written once for all who watch it.

    Attributes:
        content: Its JSON.
        facets: What filters of lists ask about: the Warehouses that a Stage asks Freight of, the
            Warehouse of Freight, the Stage of a promotion.
    """

    content: bytes
    facets: frozenset[str] = frozenset()

    @cached_property
    def added(self) -> bytes:
        """The event that says it is there."""
        return event_frame(ChangeType.ADDED, self.content)

    @cached_property
    def modified(self) -> bytes:
        """The event that says it changed."""
        return event_frame(ChangeType.MODIFIED, self.content)

    @cached_property
    def deleted(self) -> bytes:
        """The event that says it is gone."""
        return event_frame(ChangeType.DELETED, self.content)

    def frame(self, change_type: str) -> bytes:
        """Return the event of that type."""
        match change_type:
            case ChangeType.ADDED:
                return self.added
            case ChangeType.DELETED:
                return self.deleted
            case _:
                return self.modified


@dataclass(frozen=True, slots=True)
class Message:
    """That something changed, and for those who watch it, what it is now.

    Attributes:
        position: The id of the change.
    """

    position: int
    owner_uid: UUID
    kind: str
    name: str
    uid: UUID
    type: str
    document: Document | None = None

    @property
    def size_bytes(self) -> int:
        """How much is kept for whoever has not heard it yet."""
        return len(self.document.content) if self.document else 0


def event_frame(change_type: str, content: bytes) -> bytes:
    """Return a server-sent event about an object, on one line of data."""
    return b'data: {"type":"%b","object":%b}\n\n' % (str(change_type).encode(), content)


def error_frame(code: str, message: str) -> bytes:
    """Return the event that says why a stream ends."""
    return b"event: error\ndata: %b\n\n" % orjson.dumps({"code": code, "message": message})

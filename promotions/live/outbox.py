"""Reads the outbox once for all who follow it."""

from collections.abc import Iterable, Sequence, Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol

from projects.models import Change, ChangeType
from promotions.live.documents import documents_of, remains
from promotions.live.messages import Message, Topic
from promotions.selectors.live import (
    LIMIT,
    changes_after,
    changes_between,
    newest_changes,
    settled_position,
)

REPLAY_LIMIT = 5000
"""Whoever missed more changes than this starts anew."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the outbox found, and where the next one starts.

    Attributes:
        messages: One for each change.
        watched: One for each object that is watched, with the object as it is now.
    """

    position: int
    messages: tuple[Message, ...] = ()
    watched: tuple[Message, ...] = ()

    @property
    def is_full(self) -> bool:
        """Whether there is probably more at once."""
        return len(self.messages) >= LIMIT


class Outbox(Protocol):
    """Where changes are read from; called on threads, not on an event loop."""

    def read(self, position: int | None, topics: AbstractSet[Topic]) -> Batch:
        """Return what was committed after ``position``; ``None`` only finds out where the end is.

        Objects are read for ``topics`` that have a kind.
        """
        ...

    def missed(self, topic: Topic, *, after: int, until: int) -> list[Message] | None:
        """Return what changed in a topic after one place, up to another; each object once.

        Objects are read as they are now if the topic has a kind; ``None`` then if that is too
        much, or was too long ago: start anew.
        """
        ...


class StoredOutbox:
    """The outbox in the database."""

    def read(self, position: int | None, topics: AbstractSet[Topic]) -> Batch:
        """Return what was committed after ``position``."""
        if position is None:
            return Batch(settled_position())
        messages = tuple(_message(change) for change in changes_after(position))
        chosen = [it for it in messages if topics_of(it) & topics]
        end = messages[-1].position if messages else position
        return Batch(end, messages, tuple(with_documents(chosen)))

    def missed(self, topic: Topic, *, after: int, until: int) -> list[Message] | None:
        """Return what changed in a topic after one place, up to another."""
        if not topic.kind:
            changes = newest_changes(after, until, project_uid=topic.owner_uid)
            return [_message(change) for change in changes]
        found = changes_between(
            after,
            until,
            owner_uid=topic.owner_uid,
            kind=topic.kind,
            name=topic.name,
            limit=REPLAY_LIMIT,
        )
        return None if found is None else with_documents([_message(it) for it in found])


def with_documents(messages: Sequence[Message]) -> list[Message]:
    """Return one message for each object, with what it is now, in order of the last change.

    One that was deleted comes where that happened. What a change left deleted, although it does
    not say so, waits for the change that does.
    """
    merged = _merged(messages)
    by_kind: dict[str, list[Message]] = {}
    for message in merged:
        by_kind.setdefault(message.kind, []).append(message)
    found = {
        uid: it
        for kind, some in by_kind.items()
        for uid, it in documents_of(kind, [message.uid for message in some]).items()
    }
    written = []
    for message in merged:
        is_gone = message.type == ChangeType.DELETED
        document, is_deleted = found.get(
            message.uid, (remains(message.kind, message.uid, message.name), True)
        )
        if is_gone or not is_deleted:
            written.append(replace(message, document=document))
    return written


def topics_of(message: Message) -> set[Topic]:
    """Return the topics with a kind that a message belongs to."""
    owner, kind = message.owner_uid, message.kind
    return {Topic(owner, kind), Topic(owner, kind, message.name)}


def _merged(messages: Iterable[Message]) -> list[Message]:
    merged: dict[object, Message] = {}
    for message in messages:
        before = merged.get(message.uid)
        if before is None:
            merged[message.uid] = message
        elif before.type != ChangeType.DELETED:
            is_new = before.type == ChangeType.ADDED and message.type == ChangeType.MODIFIED
            merged[message.uid] = replace(message, type=before.type) if is_new else message
    return sorted(merged.values(), key=lambda it: it.position)


def _message(change: Change) -> Message:
    return Message(
        position=change.pk,
        owner_uid=change.project_uid or change.tenant_uid,
        kind=change.kind,
        name=change.name,
        uid=change.uid,
        type=change.type,
    )

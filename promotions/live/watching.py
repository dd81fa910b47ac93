"""Streams what is watched: first what is there, then every change, as bytes for the client.

A stream starts at a position: of the list that a client has read, or just before what is there is
read now. It tells everything that is settled later, in order of positions.
"""

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import uniform

from django.conf import settings
from django.db import DatabaseError

from projects.models import ChangeType
from promotions.live.hub import POLL_SECONDS, Hub, current_hub
from promotions.live.messages import (
    KEEP_ALIVE,
    OUT_OF_RANGE,
    Document,
    Message,
    Topic,
    error_frame,
)
from promotions.live.outbox import StoredOutbox
from promotions.selectors.live import settled_position

_SOONEST_CHECK = 0.6
"""Access is asked for again after some time between this part of what is set and all of it, so
that what came at once is not asked for at once."""
_MOST_UNASKED = timedelta(seconds=60)
"""A stream whose access could not be asked for so long ends."""
CHUNK_BYTES = 64 << 10

START_ANEW = error_frame(
    OUT_OF_RANGE, "this watch cannot go on from here; list again, and watch from there"
)


@dataclass(frozen=True, slots=True)
class Watch:
    """What a client watches.

    Attributes:
        wanted: Only objects with one of these facets; empty for all.
        may_leave: Whether an object's facets can change: one that no longer matches is told of as
            deleted. Of kinds whose facets stay, what does not match never did.
    """

    topic: Topic
    wanted: frozenset[str] = frozenset()
    may_leave: bool = False

    def frame(self, message: Message) -> bytes:
        """Return the event for a change; empty if there is nothing to tell."""
        document = message.document
        if document is None:
            return b""
        if self.matches(document):
            return document.frame(message.type)
        leaves = self.may_leave and message.type == ChangeType.MODIFIED
        return document.deleted if leaves else b""

    def matches(self, document: Document) -> bool:
        """Return whether an object is one of those that are watched."""
        return not self.wanted or bool(self.wanted & document.facets)

    def frames(self, messages: Iterable[Message]) -> list[bytes]:
        """Return the events for changes."""
        return [frame for frame in map(self.frame, messages) if frame]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream starts, and the events that say what was there then."""

    position: int
    seed: Iterable[bytes] = ()


class Rhythm:
    """When a stream says that it is still there, and asks whether it may go on."""

    def __init__(self) -> None:
        self._alive_at = time.monotonic() + _keep_alive_seconds()
        self._check_at = 0.0
        self.note_check()

    @property
    def pause(self) -> float:
        """How long until there is something to do, in seconds."""
        return max(0.0, min(self._alive_at, self._check_at) - time.monotonic())

    def is_quiet(self) -> bool:
        """Return whether to say that the stream is still there; it counts as said."""
        is_due = time.monotonic() >= self._alive_at
        if is_due:
            self._alive_at = time.monotonic() + _keep_alive_seconds()
        return is_due

    def is_check_due(self) -> bool:
        """Return whether to ask for access."""
        return time.monotonic() >= self._check_at

    def note_check(self) -> None:
        """Note that there is access now."""
        self._checked_at = time.monotonic()
        share = uniform(_SOONEST_CHECK, 1.0)  # noqa: S311 -- no secret
        longest: float = settings.WATCH_CHECK_SECONDS
        self._check_at = self._checked_at + share * longest

    def may_retry(self) -> bool:
        """Return whether to go on although access could not be asked for; soon again then."""
        self._check_at = time.monotonic() + 1.0
        return time.monotonic() < self._checked_at + _MOST_UNASKED.total_seconds()


async def follow(
    watch: Watch, start: Start, *, is_allowed: Callable[[], bool], hub: Hub | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield events until the client goes, loses access, or does not keep up.

    ``is_allowed`` is called now and then, on a thread of the hub.
    """
    source = hub or current_hub()
    for chunk in chunks(start.seed):
        yield chunk
    rhythm = Rhythm()
    async with source.listen(watch.topic) as listener:
        missed = await source.missed(watch.topic, after=start.position, until=listener.position)
        if missed is None:
            yield START_ANEW
            return
        for chunk in chunks(watch.frames(missed)):
            yield chunk
        while not listener.is_over:
            news = await listener.take(timeout=rhythm.pause)
            fresh = (it for it in news if it.position > start.position)
            for chunk in chunks(watch.frames(fresh)):
                yield chunk
            if rhythm.is_quiet():
                yield KEEP_ALIVE
            if rhythm.is_check_due() and not await source.run(_is_granted, rhythm, is_allowed):
                return
    yield START_ANEW


def follow_alone(
    watch: Watch, start: Start, *, is_allowed: Callable[[], bool]
) -> Generator[bytes, None, None]:
    """Yield events as :func:`follow` does, where there is no event loop: it holds a thread."""
    yield from chunks(start.seed)
    rhythm = Rhythm()
    outbox = StoredOutbox()
    settled = settled_position()
    missed = outbox.missed(watch.topic, after=start.position, until=settled)
    if missed is None:
        yield START_ANEW
        return
    yield from chunks(watch.frames(missed))
    position = max(start.position, settled)
    while True:
        batch = outbox.read(position, {watch.topic})
        position = batch.position
        yield from chunks(watch.frames(batch.watched))
        if rhythm.is_quiet():
            yield KEEP_ALIVE
        if rhythm.is_check_due() and not _is_granted(rhythm, is_allowed):
            return
        if not batch.is_full:
            time.sleep(POLL_SECONDS)


def chunks(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Yield events joined to pieces of about ``CHUNK_BYTES``: fewer writes, whole events."""
    some: list[bytes] = []
    size = 0
    for frame in frames:
        some.append(frame)
        size += len(frame)
        if size >= CHUNK_BYTES:
            yield b"".join(some)
            some, size = [], 0
    if some:
        yield b"".join(some)


def _is_granted(rhythm: Rhythm, is_allowed: Callable[[], bool]) -> bool:
    try:
        granted = is_allowed()
    except DatabaseError:
        return rhythm.may_retry()
    rhythm.note_check()
    return granted


def _keep_alive_seconds() -> float:
    seconds: float = settings.WATCH_KEEP_ALIVE_SECONDS
    return seconds

"""Streams what is watched: first what is there, then every change, as bytes for the client.

A stream starts at a position: of the list that a client has read, or just before what is there is
read now. It tells everything that is settled later, in order of positions.
"""

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from projects.models import ChangeType
from promotions.live.hub import LOSSES_EVERY_SECONDS, POLL_SECONDS, Hub, Listener, current_hub
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
from rbac.selectors.losses import Losses

_SOONEST_CHECK = 0.6
"""Access is asked for again after some time between this part of what is set and all of it, so
that what came at once is not asked for at once."""
_CALM_SECONDS = 2.0
"""Whatever happens, a stream asks for its access no more often."""
_WHOLE_SECOND = 1.0
"""Tokens say the second in which they expire."""
_LINGERING_SECONDS = 5.0
"""What has expired, and is taken nevertheless as clocks differ, is asked for so often."""
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
class Admission:
    """By what a client may follow.

    Attributes:
        is_allowed: Whether it still may; asked now and then, on a thread that may use the database.
        tenant_uid: Where access is needed: it is asked for soon after somebody lost some there.
        expires_at: When what the client has shown expires, in seconds since 1970; 0 for never.
    """

    is_allowed: Callable[[], bool]
    tenant_uid: UUID
    expires_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Start:
    """Where a stream starts, and the events that say what was there then."""

    position: int
    seed: Iterable[bytes] = ()


class Rhythm:
    """When a stream says that it is still there, and asks whether it may go on."""

    def __init__(self, *, expires_at: float = 0.0) -> None:
        self._alive_at = time.monotonic() + _keep_alive_seconds()
        self._check_at = 0.0
        left = expires_at + _WHOLE_SECOND - time.time() if expires_at else float("inf")
        self._ends_at = time.monotonic() + left
        self.note_check()

    @property
    def pause(self) -> float:
        """How long until there is something to do, in seconds."""
        return min(self.until_check, max(0.0, self._alive_at - time.monotonic()))

    @property
    def until_check(self) -> float:
        """How long until access is asked for, in seconds."""
        return max(0.0, self._check_at - time.monotonic())

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
        is_over = self._checked_at >= self._ends_at
        end = self._checked_at + _LINGERING_SECONDS if is_over else self._ends_at
        self._check_at = min(self._check_at, end)

    def note_doubt(self) -> None:
        """Note that access may be gone: it is asked for soon."""
        self._check_at = min(self._check_at, self._checked_at + _CALM_SECONDS)

    def may_retry(self) -> bool:
        """Return whether to go on although access could not be asked for; soon again then."""
        self._check_at = time.monotonic() + 1.0
        return time.monotonic() < self._checked_at + _MOST_UNASKED.total_seconds()


async def follow(
    watch: Watch, start: Start, *, admission: Admission, hub: Hub | None = None
) -> AsyncGenerator[bytes, None]:
    """Yield events until the client goes, loses access, or does not keep up."""
    source = hub or current_hub()
    rhythm = Rhythm(expires_at=admission.expires_at)
    for chunk in chunks(start.seed):
        yield chunk
    async with source.listen(watch.topic, tenant_uid=admission.tenant_uid) as listener:
        listener.doubt()  # until now nobody said what happens to access
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
            if not await may_go_on(rhythm, listener, admission, hub=source):
                return
    yield START_ANEW


async def may_go_on(rhythm: Rhythm, listener: Listener, admission: Admission, *, hub: Hub) -> bool:
    """Return whether a follower still has access, asking only if it is time to."""
    if listener.is_doubted:
        listener.is_doubted = False
        rhythm.note_doubt()
    if not rhythm.is_check_due():
        return True
    return await hub.run(is_granted, rhythm, admission.is_allowed)


def follow_alone(
    watch: Watch, start: Start, *, admission: Admission
) -> Generator[bytes, None, None]:
    """Yield events as :func:`follow` does, where there is no event loop: it holds a thread."""
    rhythm = Rhythm(expires_at=admission.expires_at)
    yield from chunks(start.seed)
    outbox, losses, look_at = StoredOutbox(), Losses(), 0.0
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
        if time.monotonic() >= look_at:
            look_at = time.monotonic() + LOSSES_EVERY_SECONDS
            if losses.new_ones({admission.tenant_uid}):
                rhythm.note_doubt()
        if rhythm.is_check_due() and not is_granted(rhythm, admission.is_allowed):
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


def is_granted(rhythm: Rhythm, is_allowed: Callable[[], bool]) -> bool:
    """Return whether a client still has access, or that could not be asked for a short while."""
    try:
        granted = is_allowed()
    except DatabaseError:
        return rhythm.may_retry()
    rhythm.note_check()
    return granted


def _keep_alive_seconds() -> float:
    seconds: float = settings.WATCH_KEEP_ALIVE_SECONDS
    return seconds

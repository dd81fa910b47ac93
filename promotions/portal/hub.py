"""Tells every open page of a project, at once, that something in it changed.

One hub a process reads the outbox twice a second while anybody listens, and puts each change into
a bounded queue per listener. A listener that does not keep up is dropped: it comes back by itself
and says how far it had come.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from django.db import DatabaseError, close_old_connections

from promotions.selectors.live import Cursor, changes_after, cursor_of, newest_cursor

logger = logging.getLogger(__name__)

QUEUE_SIZE = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What a page is told: what changed, not how."""

    cursor: Cursor
    project_uid: UUID | None
    kind: str
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look at the outbox found, and where the next one starts."""

    messages: tuple[Message, ...]
    cursor: Cursor


def read_outbox(cursor: Cursor | None) -> Batch:
    """Return what was committed after ``cursor``; ``None`` only finds out where the end is."""
    close_old_connections()
    if cursor is None:
        return Batch((), newest_cursor())
    changes = changes_after(cursor)
    messages = tuple(
        Message(
            cursor=cursor_of(change),
            project_uid=change.project_uid,
            kind=change.kind,
            name=change.name,
            version=change.pk,
        )
        for change in changes
    )
    return Batch(messages, messages[-1].cursor if messages else cursor)


@dataclass(eq=False, slots=True)
class Listener:
    """One open page; ``is_late`` once it missed something."""

    project_uid: UUID
    queue: asyncio.Queue[Message] = field(default_factory=lambda: asyncio.Queue(QUEUE_SIZE))
    is_late: bool = False

    def offer(self, message: Message) -> None:
        """Queue a message, or note that there is no room."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.is_late = True


class Hub:
    """Reads the outbox for all listeners of one event loop."""

    def __init__(
        self, read: Callable[[Cursor | None], Batch] = read_outbox, *, interval: float = 0.5
    ) -> None:
        self._read = read
        self._interval = interval
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub")

    @property
    def size(self) -> int:
        """How many pages listen."""
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, project_uid: UUID) -> AsyncIterator[Listener]:
        """Hear of a project's changes until the block ends."""
        listener = Listener(project_uid)
        self._listeners.add(listener)
        try:
            await self._start()
            yield listener
        finally:
            self._listeners.discard(listener)

    async def read(self, cursor: Cursor | None) -> Batch:
        """Look at the outbox once, off the event loop and on the hub's own connection."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, cursor)

    async def _start(self) -> None:
        """Follow from here on, unless already following: nothing after this is missed."""
        if self._is_following():
            return
        start = (await self.read(None)).cursor
        if not self._is_following():
            self._task = asyncio.get_running_loop().create_task(self._follow(start))

    def _is_following(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _follow(self, cursor: Cursor) -> None:
        while self._listeners:
            try:
                batch = await self.read(cursor)
            except DatabaseError:
                logger.warning("outbox unreadable, trying again", exc_info=True)
            else:
                cursor = batch.cursor
                self._spread(batch)
            await asyncio.sleep(self._interval)

    def _spread(self, batch: Batch) -> None:
        for message in batch.messages:
            for listener in self._listeners:
                if listener.project_uid == message.project_uid:
                    listener.offer(message)


hub = Hub()

"""Tells everybody who follows something, at once, that it changed.

One hub an event loop, and so one a process, reads the outbox a few times a second while anybody
follows, reads and writes each watched object once, and puts it into the bounded queues of all who
watch it. Whoever does not keep up is let go, and told so: they come back and start anew.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import DatabaseError, close_old_connections

from promotions.live.messages import Message, Topic
from promotions.live.outbox import Batch, Outbox, StoredOutbox, topics_of
from rbac.selectors.losses import Losses

logger = logging.getLogger(__name__)

QUEUE_SIZE = 1000
QUEUE_BYTES = 16 << 20
PATIENCE_SECONDS = 5.0
"""More than this waits for one follower no longer than that; what many wait for is kept once."""
_MOST = 4
"""And this many times as much never does."""
POLL_SECONDS = 0.2
LOSSES_EVERY_SECONDS = 1.0
"""How often is looked for acts that take access away."""

_READERS = 4
"""Threads, and database connections, for what followers ask for themselves."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Listener:
    """One follower: an open page, or a watch.

    Attributes:
        position: What comes later than this is told.
        tenant_uid: Where access is needed; without it, nobody says that it may be gone.
        is_over: Nothing more is told: the hub has stopped, or the follower ``is_late``.
        is_doubted: Access may be gone; the follower takes the note away when it has read it.
    """

    def __init__(self, topic: Topic, *, position: int = 0, tenant_uid: UUID | None = None) -> None:
        self.topic = topic
        self.position = position
        self.tenant_uid = tenant_uid
        self.is_over = False
        self.is_late = False
        self.is_doubted = False
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._waiting_since = 0.0
        self._has_news = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Queue a message, or note that the follower does not keep up."""
        if self._is_behind():
            self.is_late = True
            self.end()
        if self.is_over:
            return
        if not self._waiting:
            self._waiting_since = time.monotonic()
        self._waiting.append(message)
        self._waiting_bytes += message.size_bytes
        self._has_news.set()

    def doubt(self) -> None:
        """Note that access may be gone, and wake the follower."""
        self.is_doubted = True
        self._has_news.set()

    def end(self) -> None:
        """Tell nothing more; what waits is forgotten."""
        self.is_over = True
        self._waiting.clear()
        self._has_news.set()

    async def take(self, *, timeout: float) -> list[Message]:  # noqa: ASYNC109 -- what is waited for is optional
        """Return what waits, once there is something; nothing after ``timeout`` seconds.

        And nothing when there is only a doubt.
        """
        if not self._waiting and not self.is_over:
            try:
                async with asyncio.timeout(timeout):
                    await self._has_news.wait()
            except TimeoutError:
                return []
        taken = list(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        if not self.is_over:
            self._has_news.clear()
        return taken

    def _is_behind(self) -> bool:
        amount = max(len(self._waiting) / QUEUE_SIZE, self._waiting_bytes / QUEUE_BYTES)
        if amount < 1:
            return False
        return amount >= _MOST or time.monotonic() > self._waiting_since + PATIENCE_SECONDS


class Hub:
    """Reads the outbox for all followers of one event loop."""

    def __init__(
        self,
        outbox: Outbox | None = None,
        *,
        interval: float = POLL_SECONDS,
        losses: Losses | None = None,
    ) -> None:
        self._outbox = outbox or StoredOutbox()
        self._interval = interval
        self._losses = losses
        self._losses_at = 0.0
        self._listeners: dict[Topic, set[Listener]] = {}
        self._position = 0
        self._task: asyncio.Task[None] | None = None
        self._reading = asyncio.Lock()
        self._is_closed = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hub")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="followers")

    @property
    def size(self) -> int:
        """How many follow."""
        return sum(map(len, self._listeners.values()))

    @asynccontextmanager
    async def listen(
        self, topic: Topic, *, tenant_uid: UUID | None = None
    ) -> AsyncIterator[Listener]:
        """Hear of what changes from here on, and of doubts in a tenant, until the block ends."""
        listener = Listener(topic, tenant_uid=tenant_uid)
        try:
            await self._join(listener)
            yield listener
        finally:
            self._leave(listener)

    async def missed(self, topic: Topic, *, after: int, until: int) -> list[Message] | None:
        """Return what changed in a topic between two places, or that it is better to start anew."""
        return await self.run(self._outbox.missed, topic, after=after, until=until)

    async def run(self, ask: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Ask the database for one follower: off the event loop, and few at a time."""
        loop = asyncio.get_running_loop()
        question = partial(ask, *args, **kwargs)
        return await loop.run_in_executor(self._readers, _with_living_connections, question)

    def close(self) -> None:
        """Let everybody go: the server stops."""
        self._is_closed = True
        self._end_all()

    async def _join(self, listener: Listener) -> None:
        """Add a follower while nothing is being read, so that what is read next is for it too."""
        async with self._reading:
            if not self._is_following():
                self._position = (await self._look(None)).position
                self._task = asyncio.get_running_loop().create_task(self._follow())
            listener.position = self._position
            self._listeners.setdefault(listener.topic, set()).add(listener)
        if self._is_closed:
            listener.end()

    def _leave(self, listener: Listener) -> None:
        others = self._listeners.get(listener.topic, set())
        others.discard(listener)
        if not others:
            self._listeners.pop(listener.topic, None)

    def _is_following(self) -> bool:
        return self._task is not None and not self._task.done()

    async def _follow(self) -> None:
        try:
            is_full = False
            while True:
                await asyncio.sleep(0 if is_full else self._interval)
                async with self._reading:
                    if not self._listeners:
                        self._task = None
                        return
                    is_full = await self._tell_news()
                    await self._tell_doubts()
        finally:
            if self._task is not None:  # it did not end by itself
                self._end_all()

    async def _tell_news(self) -> bool:
        """Tell what is new; return whether there is probably more at once."""
        try:
            batch = await self._look(self._position)
        except DatabaseError:
            logger.warning("outbox unreadable, trying again", exc_info=True)
            return False
        self._position = batch.position
        self._spread(batch)
        return batch.is_full

    async def _tell_doubts(self) -> None:
        """Have those ask for their access again who may have lost it."""
        if self._losses is None or time.monotonic() < self._losses_at:
            return
        self._losses_at = time.monotonic() + LOSSES_EVERY_SECONDS
        everybody = [it for some in self._listeners.values() for it in some]
        tenants = {it.tenant_uid for it in everybody if it.tenant_uid is not None}
        look = partial(self._losses.new_ones, tenants)
        loop = asyncio.get_running_loop()
        try:
            doubted = await loop.run_in_executor(self._thread, _with_living_connections, look)
        except DatabaseError:
            logger.warning("audit unreadable, trying again", exc_info=True)
            return
        for listener in everybody:
            if listener.tenant_uid in doubted:
                listener.doubt()

    async def _look(self, position: int | None) -> Batch:
        loop = asyncio.get_running_loop()
        look = partial(self._outbox.read, position, frozenset(self._listeners))
        return await loop.run_in_executor(self._thread, _with_living_connections, look)

    def _spread(self, batch: Batch) -> None:
        for message in batch.messages:
            self._offer(message, [Topic(message.owner_uid)])
        for message in batch.watched:
            self._offer(message, topics_of(message))

    def _offer(self, message: Message, topics: Iterable[Topic]) -> None:
        for topic in topics:
            for listener in self._listeners.get(topic, ()):
                listener.offer(message)

    def _end_all(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()


def _with_living_connections(ask: Callable[[], _T]) -> _T:
    close_old_connections()
    return ask()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current_hub() -> Hub:
    """Return the hub of the running event loop; a server has one loop a process."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub(losses=Losses()))


def close_hubs() -> None:
    """Let everybody go who follows anything in this process; call it on their event loop."""
    for hub in list(_hubs.values()):
        hub.close()

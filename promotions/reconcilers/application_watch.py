"""Listens to every Argo CD of a shard, and makes due what depends on Applications with news."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from queue import SimpleQueue
from threading import Thread
from uuid import UUID

from django.db import Error, connection

from common.clock import now as read_clock
from common.errors import PlatformError
from promotions import queue
from promotions.models import WorkKind
from promotions.ports.argocd import ArgoCD
from promotions.reconcilers.application_changes import Changes, PlaneKey
from promotions.reconcilers.plane_watch import PlaneWatch
from promotions.services.application_index import mark_due

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""How often the control planes of the shard are looked up anew."""


@dataclass(frozen=True, slots=True)
class WatchedPlane:
    """A control plane to listen to.

    Attributes:
        uid: The control plane's.
        mark: Different whenever it is reached in another way, or as somebody else.
        open: Returns its Argo CD, which the watch alone uses.
    """

    uid: str
    mark: str
    key: PlaneKey
    open: Callable[[], ArgoCD] = field(compare=False)


PlanesOf = Callable[[str], list[WatchedPlane]]
"""Returns the control planes that are in use in a shard."""


@dataclass(frozen=True, slots=True)
class _Listener:
    """A watch, and the thread that it runs in."""

    watch: PlaneWatch
    thread: Thread


@dataclass(slots=True)
class ApplicationWatch:
    """Listens for one shard. Any number may, anywhere: what they do is idempotent.

    Threads listen, one for each control plane; only the caller's thread uses the database.
    """

    shard: str
    planes_of: PlanesOf
    changes: Changes = field(default_factory=Changes)
    _doubted: SimpleQueue[str] = field(default_factory=SimpleQueue)
    _running: dict[WatchedPlane, _Listener] = field(default_factory=dict)
    _refused: dict[WatchedPlane, str] = field(default_factory=dict)
    _is_idle: bool = False

    def run(self, *, keep_going: Callable[[], bool], look_seconds: float = LOOK_SECONDS) -> None:
        """Listen as long as ``keep_going`` says so, asked every second or so."""
        next_look = time.monotonic()
        try:
            while keep_going():
                if time.monotonic() >= next_look:
                    self.keep_up()
                    next_look = time.monotonic() + look_seconds
                self.store_changes(seconds=min(1.0, look_seconds))
                self.have_planes_checked()
        finally:
            self._stop(self._running)

    def keep_up(self) -> None:
        """Listen to the control planes that there are now, and to no others."""
        try:
            self._keep_up(self.planes_of(self.shard))
        except Error:
            self._database_is_away()

    def store_changes(self, *, seconds: float) -> int:
        """Make due what depends on what has changed; wait so long for changes if there are none.

        Returns:
            How many Stages and promotions were made due.
        """
        due = 0
        for plane, applications in self.changes.take(seconds=seconds).items():
            try:
                due += mark_due(
                    plane.tenant_uid,
                    shard=plane.shard,
                    projects=plane.projects,
                    applications=applications,
                    now=read_clock(),
                )
            except Error:
                self.changes.add(plane, applications)
                self._database_is_away()
                time.sleep(seconds)
        return due

    def have_planes_checked(self) -> None:
        """Make due the checks of control planes that ceased to answer, or do so again."""
        doubted: set[UUID] = set()
        while not self._doubted.empty():
            doubted.add(UUID(self._doubted.get()))
        if not doubted:
            return
        try:
            queue.wake_many(kind=WorkKind.CONTROL_PLANE, uids=sorted(doubted), at=read_clock())
        except Error:
            self._database_is_away()  # the next check is a few minutes away at most

    def _keep_up(self, wanted: list[WatchedPlane]) -> None:
        over = [it for it, listener in self._running.items() if not listener.thread.is_alive()]
        self._stop([*over, *(self._running.keys() - set(wanted))])
        self._refused = {it: why for it, why in self._refused.items() if it in wanted}
        for plane in wanted:
            if plane not in self._running:
                self._start(plane)
        if not wanted and not self._is_idle:
            logger.warning("no control plane to listen to", extra={"shard": self.shard})
        self._is_idle = not wanted

    def _start(self, plane: WatchedPlane) -> None:
        try:
            argocd = plane.open()
        except PlatformError as error:
            self._note_refusal(plane, error.message)
            return
        watch = PlaneWatch(
            argocd,
            partial(self.changes.add, plane.key),
            tell_standing=partial(self._doubted.put, plane.uid),
        )
        thread = Thread(target=watch.run, name=f"watch-{plane.uid}", daemon=True)
        self._running[plane] = _Listener(watch, thread)
        thread.start()
        self._refused.pop(plane, None)
        logger.info("control plane watched", extra={"plane": plane.uid})

    def _note_refusal(self, plane: WatchedPlane, reason: str) -> None:
        """Say once why a control plane cannot be listened to; it is tried again all the same."""
        if self._refused.get(plane) != reason:
            facts = {"plane": plane.uid, "reason": reason}
            logger.warning("control plane not watched", extra=facts)
        self._refused[plane] = reason

    def _stop(self, planes: Iterable[WatchedPlane]) -> None:
        for plane in list(planes):
            self._running.pop(plane).watch.stop.set()

    def _database_is_away(self) -> None:
        logger.warning("the database does not answer", extra={"shard": self.shard})
        connection.close()

"""Listens to every Argo CD of a shard, and makes due what depends on Applications with news."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread

from django.db import Error, connection

from common.clock import now as read_clock
from common.errors import PlatformError
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


@dataclass(slots=True)
class ApplicationWatch:
    """Listens for one shard. Any number may, anywhere: what they do is idempotent.

    Threads listen, one for each control plane; only the caller's thread uses the database.
    """

    shard: str
    planes_of: PlanesOf
    changes: Changes = field(default_factory=Changes)
    _running: dict[WatchedPlane, PlaneWatch] = field(default_factory=dict)

    def run(self, *, keep_going: Callable[[], bool], look_seconds: float = LOOK_SECONDS) -> None:
        """Listen as long as ``keep_going`` says so, asked every second or so."""
        look_in = 0.0
        try:
            while keep_going():
                if look_in <= 0:
                    self.keep_up()
                    look_in = look_seconds
                self.store_changes(seconds=min(1.0, look_seconds))
                look_in -= min(1.0, look_seconds)
        finally:
            self._stop(self._running)

    def keep_up(self) -> None:
        """Listen to the control planes that there are now, and to no others."""
        try:
            wanted = {it: it for it in self.planes_of(self.shard)}
        except Error:
            self._database_is_away()
            return
        self._stop({it: watch for it, watch in self._running.items() if it not in wanted})
        for plane in wanted:
            if plane not in self._running:
                self._start(plane)

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
                    applications=applications,
                    now=read_clock(),
                )
            except Error:
                self.changes.add(plane, applications)
                self._database_is_away()
                Event().wait(seconds)
        return due

    def _start(self, plane: WatchedPlane) -> None:
        try:
            argocd = plane.open()
        except PlatformError as error:
            facts = {"plane": plane.uid, "reason": error.message}
            logger.warning("control plane not watched", extra=facts)
            return
        watch = PlaneWatch(argocd, partial(self.changes.add, plane.key))
        self._running[plane] = watch
        Thread(target=watch.run, name=f"watch-{plane.uid}", daemon=True).start()
        logger.info("control plane watched", extra={"plane": plane.uid})

    def _stop(self, watches: Mapping[WatchedPlane, PlaneWatch]) -> None:
        for plane, watch in list(watches.items()):
            watch.stop.set()
            self._running.pop(plane, None)

    def _database_is_away(self) -> None:
        logger.warning("the database does not answer", extra={"shard": self.shard})
        connection.close()

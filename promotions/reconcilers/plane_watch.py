"""Listens to one Argo CD, and says of which Applications there is news.

A stream is a hint: events are lost, doubled and late. So everything is listed on every connect,
which is no more than a few minutes apart, and compared with what was seen before.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

from common.errors import PlatformError
from promotions.engine.argocd.addressed import AddressedApp
from promotions.engine.argocd.application import Application
from promotions.engine.argocd.news import digest
from promotions.engine.retry import backoff
from promotions.ports.argocd import ArgoCD, Selection, WatchEvent, WatchKind

logger = logging.getLogger(__name__)

RELIST_EVERY = timedelta(minutes=5)
PAUSE = timedelta(seconds=1)
"""Between the end of one stream and the next list."""

Tell = Callable[[Iterable[AddressedApp]], None]
"""Is told which Applications there is news of; called from the thread that listens."""


@dataclass(slots=True)
class PlaneWatch:
    """Listens to one Argo CD until it is to stop.

    Attributes:
        argocd: Whom to listen to.
        tell: Whom to tell of news.
        stop: Set to end it; it notices at the stream's next sign of life.
        relist_every: After how long a stream is left for a fresh list.
    """

    argocd: ArgoCD
    tell: Tell
    stop: Event = field(default_factory=Event)
    relist_every: timedelta = RELIST_EVERY
    _seen: dict[AddressedApp, bytes] = field(default_factory=dict)

    def run(self) -> None:
        """Listen; what fails is tried again, with pauses that grow."""
        failures = 0
        while not self.stop.is_set():
            pause = PAUSE
            try:
                self.listen_once()
                failures = 0
            except PlatformError as error:
                failures += 1
                pause = max(backoff(failures), getattr(error, "retry_after", None) or PAUSE)
                logger.warning("applications not watched", extra={"reason": error.message})
            self.stop.wait(pause.total_seconds())

    def listen_once(self) -> None:
        """List, then listen until the stream ends or it is time to list again.

        Raises:
            PlatformError: Argo CD cannot be asked, or the stream broke.
        """
        ends = time.monotonic() + self.relist_every.total_seconds()
        listed = self.argocd.list(Selection())
        self._take_list(listed.items)
        stream = self.argocd.watch(Selection(), resource_version=listed.resource_version)
        with stream as events:
            for event in events:
                self._take_event(event)
                if self.stop.is_set() or time.monotonic() >= ends:
                    return

    def _take_list(self, items: Iterable[Application]) -> None:
        current = {_app(it): digest(it) for it in items}
        gone = self._seen.keys() - current.keys()
        news = {app for app, found in current.items() if self._seen.get(app) != found}
        self._seen = current
        self.tell(news | gone)

    def _take_event(self, event: WatchEvent) -> None:
        if event.application is None:
            return
        app = _app(event.application)
        if event.kind is WatchKind.DELETED:
            self._seen.pop(app, None)
            self.tell({app})
            return
        found = digest(event.application)
        if self._seen.get(app) != found:
            self._seen[app] = found
            self.tell({app})


def _app(application: Application) -> AddressedApp:
    return AddressedApp(application.namespace, application.name)

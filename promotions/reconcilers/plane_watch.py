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
from promotions.ports.argocd_errors import ArgoCDError, ArgoCDUnauthorizedError

logger = logging.getLogger(__name__)

RELIST_EVERY = timedelta(minutes=5)
PAUSE = timedelta(seconds=1)
"""Between the end of one stream and the next list."""
LONGEST_PAUSE = timedelta(seconds=30)
"""Between two attempts, unless Argo CD asks for more."""
LASTING = timedelta(seconds=10)
"""After how long a stream may end without anything being wrong: proxies cut them."""
LOST_AFTER = 3
"""At which vain attempt in a row to list Argo CD is lost; at once if it refuses us."""

Tell = Callable[[Iterable[AddressedApp]], None]
"""Is told which Applications there is news of; called from the thread that listens."""


@dataclass(slots=True)
class PlaneWatch:
    """Listens to one Argo CD until it is to stop.

    Attributes:
        argocd: Whom to listen to.
        tell: Whom to tell of news; that Argo CD is lost, or back, is news of every Application.
        tell_standing: Whom to tell that it is lost, or back.
        stop: Set to end it; it notices at the stream's next sign of life.
        relist_every: After how long a stream is left for a fresh list.
    """

    argocd: ArgoCD
    tell: Tell
    tell_standing: Callable[[], None] = lambda: None
    stop: Event = field(default_factory=Event)
    relist_every: timedelta = RELIST_EVERY
    _seen: dict[AddressedApp, bytes] = field(default_factory=dict)
    _unlisted: int = 0
    _connected_at: float | None = None

    def run(self) -> None:
        """Listen; what fails, or ends at once, is tried again, with pauses that grow."""
        failures = 0
        while not self.stop.is_set():
            asked = PAUSE
            self._connected_at = None
            try:
                self.listen_once()
            except PlatformError as error:
                logger.warning("applications not watched", extra={"reason": error.message})
                asked = (isinstance(error, ArgoCDError) and error.retry_after) or PAUSE
            failures = 0 if self._has_lasted() else failures + 1
            pause = min(backoff(failures), LONGEST_PAUSE) if failures else PAUSE
            self.stop.wait(max(pause, asked).total_seconds())

    def listen_once(self) -> None:
        """List, then listen until the stream ends or it is time to list again.

        Raises:
            PlatformError: Argo CD cannot be asked, or the stream broke.
        """
        ends = time.monotonic() + self.relist_every.total_seconds()
        version = self._list()
        with self.argocd.watch(Selection(), resource_version=version) as events:
            self._connected_at = time.monotonic()
            for event in events:
                self._take_event(event)
                if self.stop.is_set() or time.monotonic() >= ends:
                    return

    def _has_lasted(self) -> bool:
        enough = min(LASTING, self.relist_every).total_seconds()
        return self._connected_at is not None and time.monotonic() - self._connected_at >= enough

    def _list(self) -> str:
        """Compare all Applications with what was seen, and return where to listen from."""
        try:
            listed = self.argocd.list(Selection())
        except PlatformError as error:
            was_lost = self._is_lost
            is_refused = isinstance(error, ArgoCDUnauthorizedError)
            self._unlisted = max(self._unlisted + 1, LOST_AFTER if is_refused else 0)
            self._tell_standing(was_lost=was_lost)
            raise
        was_lost, self._unlisted = self._is_lost, 0
        self._take_list(listed.items)
        self._tell_standing(was_lost=was_lost)
        return listed.resource_version

    @property
    def _is_lost(self) -> bool:
        return self._unlisted >= LOST_AFTER

    def _tell_standing(self, *, was_lost: bool) -> None:
        if self._is_lost is not was_lost:
            self.tell(self._seen)
            self.tell_standing()

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

"""Replays a timeline against something that listens to Applications, and says what it missed."""

import functools
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

from tests.fakes.argocd.site import Site
from tests.fakes.argocd.timelines.loading import Timeline
from tests.fakes.argocd.timelines.replay import staged

PATIENCE_SECONDS = 5.0


class Listener(Protocol):
    """Something that lists and listens.

    Attributes:
        told: Of which Applications there was news, as ``namespace/name``, in order.
    """

    told: list[str]

    def listen(self) -> None:
        """List, and listen until the stream ends, however it does."""
        ...


StartListening: TypeAlias = Callable[[Site, Timeline, str], Listener]


def replay_listening(timeline: Timeline, start: StartListening, *, transport: str) -> list[str]:
    """Return, in words, of what the listener was not told; empty if of all."""
    with staged(timeline, transport) as site:
        listener = start(site, timeline, transport)
        over = threading.Event()
        thread = threading.Thread(target=_listen, args=(listener, over))
        thread.start()
        try:
            _await(lambda: len(listener.told) >= len(timeline.apps) and bool(site.streams.opened))
            first = len(listener.told)
            for _ in range(int(timeline.runs)):
                ended = site.streams.closed
                site.clock.advance(1)
                _await(functools.partial(_is_back, site, ended))
            _await(lambda: _missed(timeline, listener, first) == [])
            return _missed(timeline, listener, first)
        finally:
            over.set()
            site.streams.close_all()
            with site.clock.changed:
                site.clock.changed.notify_all()
            thread.join()


def _listen(listener: Listener, over: threading.Event) -> None:
    while not over.is_set():
        listener.listen()


def _is_back(site: Site, ended: int) -> bool:
    """Answer whether the streams that were ended this second have successors."""
    return site.streams.closed == ended or len(site.streams.opened) > site.streams.closed


def _missed(timeline: Timeline, listener: Listener, first: int) -> list[str]:
    told = set(listener.told[first:])
    return [f"there was no news of {app}" for app in timeline.expect.told if app not in told]


def _await(is_so: Callable[[], bool]) -> None:
    """Give other threads time until something is so, or patience ends."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.005)

"""What time it is in the fake: a clock that only a test moves, and what is due at which time."""

import datetime as dt
import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

EPOCH = dt.datetime(2026, 1, 10, 10, 0, 0, tzinfo=dt.UTC)


@dataclass
class VirtualClock:
    """The time, and the callbacks that are due as it moves.

    Attributes:
        skew: How far the server's clock is ahead of the caller's.
        changed: Held while anything changes, notified when something did.
    """

    time: dt.datetime = EPOCH
    skew: dt.timedelta = dt.timedelta()
    changed: threading.Condition = field(default_factory=threading.Condition)
    _due: list[tuple[dt.datetime, int, Callable[[], object]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)

    def now(self) -> dt.datetime:
        """Return the time as the caller of the server sees it."""
        return self.time

    def seconds(self) -> float:
        """Return how many seconds have passed since the beginning."""
        return (self.time - EPOCH).total_seconds()

    def server_now(self) -> dt.datetime:
        """Return the time on the server's clock."""
        return self.time + self.skew

    def stamp(self, seconds: float = 0, *, since: dt.datetime | None = None) -> str:
        """Return a time on the server's clock in whole seconds, as Kubernetes writes it."""
        origin = self.time if since is None else since
        return written(origin + self.skew + dt.timedelta(seconds=seconds))

    def call_in(self, seconds: float, action: Callable[[], object]) -> None:
        """Call ``action`` when that much time has passed; at once if it is none."""
        if seconds <= 0:
            action()
            return
        with self.changed:
            due = self.time + dt.timedelta(seconds=seconds)
            heapq.heappush(self._due, (due, next(self._order), action))

    def advance(self, seconds: float) -> None:
        """Let time pass; whatever is due meanwhile happens in its order, at its time."""
        with self.changed:
            end = self.time + dt.timedelta(seconds=seconds)
            while self._due and self._due[0][0] <= end:
                due, _, action = heapq.heappop(self._due)
                self.time = max(self.time, due)
                action()
            self.time = max(self.time, end)
            self.changed.notify_all()


def written(moment: dt.datetime) -> str:
    """Return a time in whole seconds, as Kubernetes writes it."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

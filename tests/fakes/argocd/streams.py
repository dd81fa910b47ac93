"""What goes wrong with event streams, and how an endless answer is written."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from tests.fakes.argocd.store import Change, Store
from tests.fakes.scm_server import Reply

POLL_SECONDS = 0.05
IsOpen: TypeAlias = Callable[[], bool]


@dataclass(frozen=True)
class Streaming(Reply):
    """An answer without an end.

    Attributes:
        pieces: Yields what to send; ends when told that the caller has gone. Empty pieces only
            give the server an occasion to look whether it has.
        holds_header: The status is not sent before the first piece.
    """

    pieces: Callable[[IsOpen], Iterator[bytes]] = lambda _is_open: iter(())
    holds_header: bool = False


@dataclass
class StreamFaults:
    """What all open streams suffer from.

    Attributes:
        dropped: This many of the next events of each stream are lost without a trace.
        is_silent: Nothing is sent any more, not even a keepalive, and nothing is closed.
        ends_with: Sent as the last message of every open stream, once.
        closed: Streams up to this number are closed.
        opened: When each stream began.
    """

    dropped: int = 0
    is_silent: bool = False
    ends_with: bytes = b""
    closed: int = 0
    opened: list[dt.datetime] = field(default_factory=list)

    def close_all(self, last: bytes = b"") -> None:
        """Close all open streams, after a last message if there is one."""
        self.ends_with = last
        self.closed = len(self.opened)

    def open(self, now: dt.datetime) -> int:
        """Count a stream in, and return its number."""
        self.opened.append(now)
        return len(self.opened)

    def loses(self) -> bool:
        """Answer whether the next event is lost."""
        if self.dropped <= 0:
            return False
        self.dropped -= 1
        return True


class Position(NamedTuple):
    """Where a stream is: what it is of, up to which version it has been, and its number."""

    kind: str
    seen: int
    number: int


def batches(
    store: Store,
    faults: StreamFaults,
    position: Position,
    *,
    is_open: IsOpen,
    selects: Callable[[Change], bool],
) -> Iterator[Sequence[Change]]:
    """Yield the changes that a stream shows, as they come; often none, until it is closed."""
    seen = position.seen
    while is_open():
        with store.lock:
            is_closed = position.number <= faults.closed
            if not is_closed and not store.since(seen, [position.kind]):
                store.lock.wait(POLL_SECONDS)
            changes = store.since(seen, [position.kind])
        if faults.is_silent:
            continue
        seen = changes[-1].version if changes else seen
        yield [it for it in changes if selects(it) and not faults.loses()]
        if is_closed:
            return

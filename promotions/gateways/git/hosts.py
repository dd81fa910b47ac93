"""May this host be asked now? A budget for each Git host, kept by all workers of this machine.

Only so many Git processes talk to one host at once. A host that asks for less (429) or fails
(5xx, no connection) is left alone for a time that doubles until it answers properly again; then
one process tries first. The state is in the cache folder: a small file for each host, and a lock
file for each place at it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from common.clock import now as read_clock
from common.errors import ConflictError
from common.jsontypes import as_object, as_text
from common.locks import file_lock
from promotions.gateways.git.files import write_whole
from promotions.ports.git import HostPausedError

_LONGEST_UPDATE = timedelta(seconds=10)
_PAUSE_BETWEEN_TRIES = 0.05
_MOST_DOUBLINGS = 16
_UNTIL_A_PLACE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class HostLimits:
    """How much one host is asked.

    Attributes:
        concurrency: Git processes of this machine that may talk to it at once.
        first_pause: How long it is left alone after its first failure; then twice as long.
        longest_pause: The most, for failures.
        longest_plea: The most, if the host itself asks for a pause.
        patience: How long a caller waits for its turn before it is sent away.
    """

    concurrency: int = 8
    first_pause: timedelta = timedelta(seconds=1)
    longest_pause: timedelta = timedelta(minutes=5)
    longest_plea: timedelta = timedelta(hours=1)
    patience: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class HostState:
    """How a host stands: failures in a row, and when the last pause began and ends."""

    failures: int = 0
    paused_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostBudget:
    """The budgets of all hosts, in ``folder``.

    Attributes:
        clock: Returns the time.
        sleep: Waits for so many seconds.
    """

    folder: Path
    limits: HostLimits
    clock: Callable[[], datetime] = read_clock
    sleep: Callable[[float], None] = time.sleep

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Hold one of the places at ``host`` for as long as the block talks to it.

        Raises:
            HostPausedError: The host is left alone, or has no place free, for longer than a
                caller waits.
        """
        gives_up_at = self.clock() + self.limits.patience
        while (place := self._place(host, gives_up_at)) is None:
            self.sleep(_PAUSE_BETWEEN_TRIES)
        with place:
            yield

    def succeeded(self, host: str, *, began: datetime) -> None:
        """Note that ``host`` answered properly in a talk that ``began`` after its last failure."""
        path = self._path(host)
        paused_at = self._state(path).paused_at
        if paused_at is not None and paused_at <= began:
            path.with_suffix(".json").unlink(missing_ok=True)

    def failed(self, host: str, *, began: datetime, plea: timedelta = timedelta(0)) -> datetime:
        """Note that ``host`` failed in a talk that ``began`` then; return until when it rests.

        Failures of talks that were under way together count once.

        Args:
            host: The host.
            began: When the talk began.
            plea: How long the host asks to be left alone.
        """
        path = self._path(host)
        with file_lock(path.with_suffix(".lock"), timeout=_LONGEST_UPDATE):
            state, now = self._state(path), self.clock()
            counted = state.paused_at is None or state.paused_at <= began
            failures = state.failures + counted
            pause = self._pause_after(failures) if counted else timedelta(0)
            pause = max(pause, min(plea, self.limits.longest_plea))
            until = max(now + pause, self._pause_of(state, now=now))
            note = {"host": host, "failures": failures, "until": until.isoformat()}
            note["pausedAt"] = (now if counted else state.paused_at or now).isoformat()
            write_whole(path.with_suffix(".json"), json.dumps(note))
        return until

    def _pause_after(self, failures: int) -> timedelta:
        doublings = min(failures - 1, _MOST_DOUBLINGS)
        return min(self.limits.first_pause * (1 << doublings), self.limits.longest_pause)

    def _pause_of(self, state: HostState, *, now: datetime) -> datetime:
        """Return when the pause ends; a clock that was set back does not make it longer."""
        if state.until is None:
            return now
        return min(state.until, now + max(self.limits.longest_plea, self.limits.longest_pause))

    def _place(self, host: str, gives_up_at: datetime) -> ExitStack | None:
        """Return a place that is now held, or ``None`` if it is worth trying again soon.

        Raises:
            HostPausedError: It is not, until ``gives_up_at``.
        """
        path = self._path(host)
        state, now = self._state(path), self.clock()
        until = self._pause_of(state, now=now)
        if until > now:
            if until > gives_up_at:
                raise paused(host, until)
            return None
        for number in range(self._places(state)):
            place = ExitStack()
            with suppress(ConflictError):
                lock = file_lock(path.with_suffix(f".{number}.lock"), timeout=timedelta(0))
                place.enter_context(lock)
                return place
        if now >= gives_up_at:
            raise _crowded(host, now + _UNTIL_A_PLACE)
        return None

    def _places(self, state: HostState) -> int:
        return 1 if state.failures else max(self.limits.concurrency, 1)

    def _state(self, path: Path) -> HostState:
        try:
            noted = as_object(json.loads(path.with_suffix(".json").read_text()))
            failures = noted.get("failures")
            return HostState(
                failures=failures if isinstance(failures, int) else 0,
                paused_at=datetime.fromisoformat(as_text(noted.get("pausedAt"))),
                until=datetime.fromisoformat(as_text(noted.get("until"))),
            )
        except (FileNotFoundError, ValueError, TypeError):
            return HostState()

    def _path(self, host: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder / hashlib.sha256(host.encode()).hexdigest()[:24]


def paused(host: str, until: datetime) -> HostPausedError:
    """Return the error for callers that come while ``host`` is left alone."""
    return HostPausedError(
        f"{host} asked for fewer requests or does not answer properly; "
        f"it is left alone until {until:%H:%M:%S} UTC.",
        until=until,
    )


def _crowded(host: str, until: datetime) -> HostPausedError:
    return HostPausedError(
        f"{host} is being asked by as many others as it may be; "
        f"try again after {until:%H:%M:%S} UTC.",
        until=until,
    )

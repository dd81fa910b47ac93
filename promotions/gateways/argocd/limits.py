"""How much may one Argo CD be asked, and when is it left alone?

One :class:`PlaneLimits` for each control plane and process. Nobody waits long here: whoever would
have to comes back later, so that a slow or dead Argo CD holds no workers.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from promotions.ports.argocd_access import Pace
from promotions.ports.argocd_errors import ArgoCDBusyError, ArgoCDUnavailableError

PATIENCE_SECONDS = 2.0
"""The longest that a caller is kept before it is told to come back."""
FAILURES = 5
FAILURES_WITHIN_SECONDS = 60.0
FIRST_OPEN_SECONDS = 10.0
LONGEST_OPEN_SECONDS = 60.0
HARD_REFRESH_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 600.0

_MOST_REFRESHES = 10_000

Clock = Callable[[], float]


class PlaneLimits:
    """A token bucket, a number of slots and a circuit; safe between threads."""

    def __init__(
        self,
        pace: Pace,
        *,
        name: str,
        clock: Clock = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.pace = pace
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(pace.concurrency)
        self._tokens, self._filled_at = float(pace.burst), clock()
        self._paused_until = 0.0
        self._refreshed_at: dict[str, float] = {}
        self._circuit, self._because = _Circuit(), ""

    @contextmanager
    def request(self) -> Iterator[None]:
        """Let a request begin, and hold one of the slots for it.

        Raises:
            ArgoCDBusyError: It would have to wait too long for its turn.
            ArgoCDUnavailableError: The circuit is open.
        """
        with self._one_slot():
            self.take()
            yield

    def take(self) -> None:
        """Take a token for something that holds no slot, such as a watch; as :meth:`request`."""
        with self._lock:
            delay = self._reserved(self._clock())
        if delay > 0:
            self._sleep(delay)

    def succeeded(self) -> None:
        """Note that it answered, whatever it said."""
        with self._lock:
            self._circuit.succeeded()

    def failed(self, because: str = "") -> None:
        """Note that it did not answer, or not sensibly.

        Args:
            because: Why, in a sentence without numbers that change; told while it is left alone.
        """
        with self._lock:
            self._because = because
            self._circuit.failed(self._clock())

    def pause(self, seconds: float) -> None:
        """Ask nothing for so long, as it has asked for."""
        with self._lock:
            until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)
            self._paused_until = max(self._paused_until, until)

    def may_refresh(self, key: str) -> bool:
        """Return whether a hard refresh of an application is due, and count it if so."""
        with self._lock:
            now = self._clock()
            last = self._refreshed_at.get(key)
            if last is not None and now - last < HARD_REFRESH_SECONDS:
                return False
            if len(self._refreshed_at) >= _MOST_REFRESHES:
                recent = now - HARD_REFRESH_SECONDS
                self._refreshed_at = {k: at for k, at in self._refreshed_at.items() if at > recent}
            self._refreshed_at[key] = now
            return True

    def forget_refresh(self, key: str) -> None:
        """Take back a hard refresh that did not happen."""
        with self._lock:
            self._refreshed_at.pop(key, None)

    @contextmanager
    def _one_slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=PATIENCE_SECONDS):
            raise ArgoCDBusyError(
                f"{self._name} is slow: {self.pace.concurrency} requests wait for it already.",
                retryable=True,
                retry_after=timedelta(seconds=PATIENCE_SECONDS),
            )
        try:
            yield
        finally:
            self._slots.release()

    def _reserved(self, now: float) -> float:
        """Take a token, perhaps one of the near future, and return how long until it is there."""
        self._check_pause(now)
        self._check_circuit(now)
        gained = (now - self._filled_at) * self.pace.per_second
        tokens = min(float(self.pace.burst), self._tokens + gained)
        self._filled_at = now
        delay = max(0.0, (1 - tokens) / self.pace.per_second)
        if delay > PATIENCE_SECONDS:
            self._tokens = tokens
            raise ArgoCDBusyError(
                f"{self._name} is asked no more than {self.pace.per_second:g} times a second.",
                retryable=True,
                retry_after=timedelta(seconds=delay),
            )
        self._tokens = tokens - 1
        return delay

    def _check_pause(self, now: float) -> None:
        left = self._paused_until - now
        if left > 0:
            raise ArgoCDBusyError(
                f"{self._name} asked to be left alone; it is asked again soon.",
                retryable=True,
                retry_after=timedelta(seconds=left),
            )

    def _check_circuit(self, now: float) -> None:
        left = self._circuit.closed_in(now)
        if left > 0:
            message = f"{self._name} has failed repeatedly; it is asked again soon."
            raise ArgoCDUnavailableError(
                f"{message} {self._because}".rstrip(),
                retryable=True,
                code="argocd_circuit_open",
                retry_after=timedelta(seconds=left),
            )


class _Circuit:
    """Open after failures in a row within a minute; then one request at a time finds out."""

    def __init__(self) -> None:
        self._failures: deque[float] = deque(maxlen=FAILURES)
        self._open_until = 0.0
        self._open_seconds = 0.0
        self._is_trying = False

    def closed_in(self, now: float) -> float:
        """Return how long nothing may be asked; 0 lets one request through."""
        if not self._open_seconds:
            return 0.0
        if now < self._open_until:
            return self._open_until - now
        # Half open: this request finds out, the next ones wait for what it finds.
        self._open_until = now + self._open_seconds
        self._is_trying = True
        return 0.0

    def succeeded(self) -> None:
        self._failures.clear()
        self._open_seconds = 0.0
        self._is_trying = False

    def failed(self, now: float) -> None:
        self._failures.append(now)
        recent = sum(1 for at in self._failures if now - at <= FAILURES_WITHIN_SECONDS)
        if self._open_seconds:
            if not self._is_trying:
                return  # It was sent before the circuit opened, and says nothing new.
            self._open_seconds = min(self._open_seconds * 2, LONGEST_OPEN_SECONDS)
            self._is_trying = False
        elif recent >= FAILURES:
            self._open_seconds = FIRST_OPEN_SECONDS
        else:
            return
        self._open_until = now + self._open_seconds

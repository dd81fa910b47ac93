"""How fast may one registry host be asked? A token bucket for each."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

REQUESTS_PER_SECOND = 20.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class HostLimiter:
    """Delays callers so that no host is asked more than so often; safe between threads."""

    def __init__(
        self,
        rate: float = REQUESTS_PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, host: str) -> None:
        """Return when ``host`` may be asked once."""
        delay = self._reserve(host)
        if delay > 0:
            self._sleep(delay)

    def _reserve(self, host: str) -> float:
        """Take a token, perhaps one of the future, and return how long until it is there."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.setdefault(host, _Bucket(self._rate, now))
            gained = (now - bucket.filled_at) * self._rate
            bucket.tokens = min(self._rate, bucket.tokens + gained) - 1
            bucket.filled_at = now
            return -bucket.tokens / self._rate

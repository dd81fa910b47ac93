"""May one more delivery come in, or has this receiver had enough for now?

Each web process counts for itself: a flood must cost less than what it asks for.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock


@dataclass(slots=True)
class Buckets:
    """A bucket of tokens for each key: full at first, and filled again as time goes by.

    Attributes:
        burst: How many tokens a bucket holds.
        per_second: How many it gets back.
        clock: Seconds that never go back.
        most: How many buckets are kept; those that were used longest ago go first.
    """

    burst: float
    per_second: float
    clock: Callable[[], float]
    most: int = 10_000
    _levels: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def take(self, key: Hashable) -> int:
        """Take one token; return 0, or after how many whole seconds there will be one."""
        with self._lock:
            at = self.clock()
            level, since = self._levels.pop(key, (self.burst, at))
            level = min(self.burst, level + (at - since) * self.per_second)
            has_one = level >= 1
            self._levels[key] = (level - 1 if has_one else level, at)
            while len(self._levels) > self.most:
                self._levels.popitem(last=False)
        return 0 if has_one else max(1, math.ceil((1 - level) / self.per_second))

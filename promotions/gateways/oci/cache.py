"""Keeps the answers used last, up to a number and a weight; safe between threads."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LastUsed(Generic[Key, Value]):
    """A bounded mapping that forgets what was not used for longest.

    Args:
        size: The most values.
        largest_weight: The most that all values weigh together; 0 is no limit.
        weigh: Returns what one value weighs.
    """

    def __init__(
        self,
        size: int,
        *,
        largest_weight: int = 0,
        weigh: Callable[[Value], int] = lambda _: 0,
    ) -> None:
        self._size = size
        self._largest_weight = largest_weight
        self._weigh = weigh
        self._weight = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """Return what is kept under a key, or ``None``."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def put(self, key: Key, value: Value) -> None:
        """Keep a value, unless it is too heavy to be kept at all."""
        with self._lock:
            self._drop(key)
            if not self._fits(self._weigh(value)):
                return
            self._kept[key] = value
            self._weight += self._weigh(value)
            while len(self._kept) > self._size or not self._fits(self._weight):
                self._drop(next(iter(self._kept)))

    def _fits(self, weight: int) -> bool:
        return not self._largest_weight or weight <= self._largest_weight

    def _drop(self, key: Key) -> None:
        if key in self._kept:
            self._weight -= self._weigh(self._kept.pop(key))

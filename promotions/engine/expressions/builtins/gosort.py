"""Sorts as Go's sort.Sort does, which decides where elements of equal rank end up.

It is pattern-defeating quicksort: insertion sort for up to 12 elements, heap sort where pivots
keep being bad. Only the order of comparisons and swaps matters, so it is kept step by step.

Source: Go ``sort``, Orson Peters' pdqsort.
"""

from collections.abc import Callable
from enum import Enum, auto

Less = Callable[[object, object], bool]

_LONGEST_INSERTION = 12
_SHORTEST_NINTHER = 50
_SHORTEST_SHIFTING = 50
_SHORTEST_WITH_MEDIAN = 8
_MOST_SHIFTS = 5
_MOST_SWAPS = 12
_BITS = 2**64 - 1


def sort_items(items: list[object], less: Less) -> None:
    """Sort a list in place.

    Args:
        items: The list.
        less: Whether its first argument belongs before its second.
    """
    items[:] = sort_by_keys(items, items, less)


def sort_by_keys(items: list[object], keys: list[object], less: Less) -> list[object]:
    """Return the items in the order of their keys.

    Args:
        items: What to sort.
        keys: As many keys.
        less: Whether the item of its first argument belongs before that of its second.
    """
    kinds = set(map(type, keys))
    is_plain = kinds == {int} or (kinds == {str} and all(map(str.isascii, keys)))  # type: ignore[arg-type]  # all text
    if is_plain and (keys is items or len(set(keys)) == len(keys)):
        # Equal elements cannot be told apart, so any sort does.
        descending = less(max(keys), min(keys))  # type: ignore[type-var]  # all of one type
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)  # type: ignore[arg-type]  # all of one type
        return [items[index] for index in order]
    pairs: list[tuple[object, object]] = list(zip(keys, items, strict=True))
    _Sorter(pairs, less).sort(0, len(pairs), len(pairs).bit_length())
    return [item for _, item in pairs]


class _Hint(Enum):
    UNKNOWN = auto()
    INCREASING = auto()
    DECREASING = auto()


class _Sorter:
    def __init__(self, items: list[tuple[object, object]], less: Less) -> None:
        self.items = items
        self.compare = less
        self.swaps = 0

    def less(self, left: int, right: int) -> bool:
        return self.compare(self.items[left][0], self.items[right][0])

    def swap(self, left: int, right: int) -> None:
        items = self.items
        items[left], items[right] = items[right], items[left]

    def sort(self, low: int, high: int, bad_pivots_left: int) -> None:
        balanced = partitioned = True
        while high - low > _LONGEST_INSERTION:
            if bad_pivots_left == 0:
                self._heap_sort(low, high)
                return
            if not balanced:
                self._break_patterns(low, high)
                bad_pivots_left -= 1
            pivot, hint = self._choose_pivot(low, high)
            if hint is _Hint.DECREASING:
                self.items[low:high] = self.items[low:high][::-1]
                pivot, hint = high - 1 - (pivot - low), _Hint.INCREASING
            is_promising = balanced and partitioned and hint is _Hint.INCREASING
            if is_promising and self._is_nearly_sorted(low, high):
                return
            if low > 0 and not self.less(low - 1, pivot):
                low = self._partition_equal(low, high, pivot)
                continue
            middle, partitioned = self._partition(low, high, pivot)
            left, right = middle - low, high - middle
            balanced = min(left, right) >= (high - low) // 8
            if left < right:
                self.sort(low, middle, bad_pivots_left)
                low = middle + 1
            else:
                self.sort(middle + 1, high, bad_pivots_left)
                high = middle
        self._insertion_sort(low, high)

    def _insertion_sort(self, low: int, high: int) -> None:
        for start in range(low + 1, high):
            place = start
            while place > low and self.less(place, place - 1):
                self.swap(place, place - 1)
                place -= 1

    def _heap_sort(self, low: int, high: int) -> None:
        size = high - low
        for root in range((size - 1) // 2, -1, -1):
            self._sift_down(root, size, low)
        for end in range(size - 1, -1, -1):
            self.swap(low, low + end)
            self._sift_down(0, end, low)

    def _sift_down(self, root: int, size: int, first: int) -> None:
        while (child := 2 * root + 1) < size:
            if child + 1 < size and self.less(first + child, first + child + 1):
                child += 1
            if not self.less(first + root, first + child):
                return
            self.swap(first + root, first + child)
            root = child

    def _partition(self, low: int, high: int, pivot: int) -> tuple[int, bool]:
        """Move what is less than the pivot before it; say whether nothing had to move."""
        self.swap(low, pivot)
        left, right = self._misplaced(low, low + 1, high - 1)
        untouched = left > right
        while left <= right:
            self.swap(left, right)
            left, right = self._misplaced(low, left + 1, right - 1)
        self.swap(right, low)
        return right, untouched

    def _misplaced(self, pivot: int, left: int, right: int) -> tuple[int, int]:
        while left <= right and self.less(left, pivot):
            left += 1
        while left <= right and not self.less(right, pivot):
            right -= 1
        return left, right

    def _partition_equal(self, low: int, high: int, pivot: int) -> int:
        """Move what equals the pivot to the front, and return where the greater ones start."""
        self.swap(low, pivot)
        left, right = low + 1, high - 1
        while True:
            while left <= right and not self.less(low, left):
                left += 1
            while left <= right and self.less(low, right):
                right -= 1
            if left > right:
                return left
            self.swap(left, right)
            left, right = left + 1, right - 1

    def _is_nearly_sorted(self, low: int, high: int) -> bool:
        """Put a few elements right, and return whether that was all that was needed."""
        place = low + 1
        for _ in range(_MOST_SHIFTS):
            while place < high and not self.less(place, place - 1):
                place += 1
            if place == high:
                return True
            if high - low < _SHORTEST_SHIFTING:
                return False
            self.swap(place, place - 1)
            if place - low > 1:
                self._shift(range(place - 1, 0, -1))
            if high - place > 1:
                self._shift(range(place + 1, high))
        return False

    def _shift(self, places: range) -> None:
        for place in places:
            if not self.less(place, place - 1):
                return
            self.swap(place, place - 1)

    def _break_patterns(self, low: int, high: int) -> None:
        length = high - low
        random = length
        mask = (1 << length.bit_length()) - 1
        middle = low + length // 4 * 2
        for place in (middle - 1, middle, middle + 1):
            random ^= random << 13 & _BITS
            random ^= random >> 7
            random ^= random << 17 & _BITS
            other = random & mask
            self.swap(place, low + (other - length if other >= length else other))

    def _choose_pivot(self, low: int, high: int) -> tuple[int, _Hint]:
        quarter = (high - low) // 4
        first, middle, last = (low + quarter * count for count in (1, 2, 3))
        self.swaps = 0
        if high - low >= _SHORTEST_NINTHER:
            first, middle, last = (
                self._median(place - 1, place, place + 1) for place in (first, middle, last)
            )
        if high - low >= _SHORTEST_WITH_MEDIAN:
            middle = self._median(first, middle, last)
        hints = {0: _Hint.INCREASING, _MOST_SWAPS: _Hint.DECREASING}
        return middle, hints.get(self.swaps, _Hint.UNKNOWN)

    def _median(self, first: int, second: int, third: int) -> int:
        first, second = self._in_order(first, second)
        second, third = self._in_order(second, third)
        return self._in_order(first, second)[1]

    def _in_order(self, left: int, right: int) -> tuple[int, int]:
        if self.less(right, left):
            self.swaps += 1
            return right, left
        return left, right

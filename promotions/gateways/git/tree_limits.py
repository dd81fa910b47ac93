"""How large may a work tree be, and how many finished ones are kept for the next promotion?"""

from dataclasses import dataclass
from datetime import timedelta

_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class TreeLimits:
    """Limits of work trees, and of the pool of warm ones.

    Attributes:
        tree_bytes: Most that one checkout may write.
        tree_files: Most files that one checkout may write.
        warm_files: Work trees with fewer files are made anew each time.
        warm_trees: How many finished work trees of one repository are kept; 0 for none.
        warm_bytes: Most that all that are kept may take.
        warm_age: How long one is kept that nobody takes.
    """

    tree_bytes: int = 4 * _GIB
    tree_files: int = 1_000_000
    warm_files: int = 500
    warm_trees: int = 4
    warm_bytes: int = 20 * _GIB
    warm_age: timedelta = timedelta(days=3)

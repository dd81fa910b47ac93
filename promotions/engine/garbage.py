"""What of many things may be deleted, the newest being kept.

Source: Kargo ``pkg/garbage`` (cleanStagePromotions, cleanWarehouseFreight).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept.

    Attributes:
        most: How many of the newest, beyond the oldest that is in use.
        min_age: What is younger is kept in any case.
    """

    most: int
    min_age: timedelta


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that could be deleted; ``pk`` is its primary key."""

    pk: int
    at: datetime
    is_in_use: bool = False


def surplus(items: Sequence[Kept], retention: Retention, *, now: datetime) -> tuple[int, ...]:
    """Return the primary keys of what may be deleted, newest first.

    Nothing as long as there are no more than ``most``. Otherwise everything down to the oldest
    that is in use stays, and ``most`` beyond it, and whatever is too young.
    """
    if len(items) <= retention.most:
        return ()
    newest_first = sorted(items, key=lambda it: (it.at, it.pk), reverse=True)
    oldest_in_use = max(
        (index for index, it in enumerate(newest_first) if it.is_in_use), default=-1
    )
    beyond = newest_first[oldest_in_use + retention.most + 1 :]
    return tuple(it.pk for it in beyond if now - it.at >= retention.min_age)

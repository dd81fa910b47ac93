"""Gives new promotions names that sort by age."""

import secrets
import threading
from datetime import datetime

from promotions.engine.names import UlidMoment, next_ulid, promotion_name

_lock = threading.Lock()
_last: list[UlidMoment] = []


def new_promotion_name(stage: str, freight: str, *, now: datetime) -> str:
    """Return a name greater than any this process gave the Stage before."""
    with _lock:
        moment = next_ulid(
            _last[0] if _last else None,
            milliseconds=int(now.timestamp() * 1000),
            entropy=secrets.randbits(79),
        )
        _last[:] = [moment]
    return promotion_name(stage, str(moment), freight)

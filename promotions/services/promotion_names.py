"""Gives new promotions names that sort by age."""

import secrets
import threading
from datetime import datetime

from promotions.engine.names import UlidMoment, moment_in, next_ulid, promotion_name
from promotions.models import Freight, Promotion, Stage

_lock = threading.Lock()
_last: list[UlidMoment] = []


def new_promotion_name(stage: Stage, freight: Freight, *, now: datetime) -> str:
    """Return a name greater than any that the Stage's promotions have.

    Hosts' clocks differ, and a promotion with a smaller name than the last one would be overlooked.
    """
    newest = Promotion.everything.filter(stage=stage).order_by("-name").first()
    before = moment_in(newest.name) if newest is not None else None
    with _lock:
        known = [moment for moment in (before, *_last) if moment is not None]
        moment = next_ulid(
            max(known, key=str, default=None),
            milliseconds=int(now.timestamp() * 1000),
            entropy=secrets.randbits(79),
        )
        _last[:] = [moment]
    return promotion_name(stage.name, str(moment), freight.name)

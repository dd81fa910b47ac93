"""Gives new promotions names that sort by age."""

import secrets
import threading
from datetime import datetime

from promotions.engine.names import UlidMoment, moment_in, next_ulid, promotion_name
from promotions.models import Freight, Promotion, PromotionRequest, Stage

_lock = threading.Lock()
_last: list[UlidMoment] = []


def new_promotion_name(stage: Stage, freight: Freight, *, now: datetime, target: str = "") -> str:
    """Return a name greater than any that the Stage's promotions and requests have.

    With a ``target``, greater than any that promotions to that target of the Stage have.

    Hosts' clocks differ, and a promotion with a smaller name than the last one would be overlooked.
    """
    before = [moment_in(name) for name in _newest_names(stage, target)]
    with _lock:
        known = [moment for moment in (*before, *_last) if moment is not None]
        moment = next_ulid(
            max(known, key=str, default=None),
            milliseconds=int(now.timestamp() * 1000),
            entropy=secrets.randbits(79),
        )
        _last[:] = [moment]
    return promotion_name(stage.name, str(moment), freight.name, target)


def _newest_names(stage: Stage, target: str) -> list[str]:
    rows = Promotion.everything.filter(stage=stage, target_name=target).order_by("-name")
    found = list(rows.values_list("name", flat=True)[:1])
    if not target:
        requests = PromotionRequest.everything.filter(stage=stage).order_by("-name")
        found += requests.values_list("name", flat=True)[:1]
    return found

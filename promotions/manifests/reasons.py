"""Writes the reasons why something waits, as programs read them."""

from collections.abc import Iterable
from typing import Any

from promotions.engine.eligibility import Reason
from promotions.manifests.metadata import timestamp


def reasons_to(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Write reasons, in their order; ``liftsAt`` is null where nobody knows."""
    return [
        {
            "code": it.code.value,
            "message": it.message,
            "bars": it.bars.value,
            "liftedBy": it.lifted_by,
            "liftsAt": timestamp(it.lifts_at) if it.lifts_at else None,
        }
        for it in reasons
    ]

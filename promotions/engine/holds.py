"""What people's promotions say about auto-promotion: holds that last, and holds in effect.

Somebody who promotes anything but the newest candidate wants it to stay: the origin is held until
somebody promotes the candidate again.
Source: Kargo ``pkg/webhook`` (annotations) and the Stage controller (computeEffectiveHolds).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from promotions.engine.phases import PromotionPhase

_CONTROLLER = "controller:"


class HoldIntent(StrEnum):
    """What a promotion says about its origin."""

    HOLD = "hold"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Hold:
    """An origin that a Stage does not promote automatically.

    Attributes:
        origin: ``Warehouse/<name>``.
        promotion: Name of the promotion that asked for it.
    """

    freight: str
    origin: str
    promotion: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PromotionIntent:
    """One promotion and what it says; ``intent`` is ``None`` if it says nothing."""

    promotion: str
    phase: PromotionPhase
    intent: HoldIntent | None
    origin: str
    freight: str
    actor: str
    created_at: datetime

    def as_hold(self) -> Hold:
        """Return the hold that this promotion asks for."""
        return Hold(self.freight, self.origin, self.promotion, self.actor, self.created_at)


def hold_intent(
    *, create_actor: str, is_control_plane: bool, is_enabled: bool, candidate: str, freight: str
) -> HoldIntent | None:
    """Return what a new promotion says about its origin.

    Args:
        create_actor: Who asked for it, as annotated.
        is_control_plane: The platform itself writes it.
        is_enabled: The Stage promotes automatically now.
        candidate: What it would take for this origin; empty if nothing.
        freight: What is being promoted.
    """
    is_automatic = is_control_plane and (not create_actor or create_actor.startswith(_CONTROLLER))
    if is_automatic or not is_enabled:
        return None
    return HoldIntent.RESUME if candidate == freight else HoldIntent.HOLD


def durable_holds(
    holds: Mapping[str, Hold],
    finished: Iterable[PromotionIntent],
    *,
    origins: Collection[str],
    is_enabled: bool,
) -> dict[str, Hold]:
    """Return a Stage's holds by origin after promotions have finished.

    Args:
        holds: By origin, so far.
        finished: Promotions that have ended since; aborted ones do not count.
        origins: What the Stage requests; holds of others are dropped.
        is_enabled: Without auto-promotion nothing is held.
    """
    if not is_enabled:
        return {}
    kept = {origin: hold for origin, hold in holds.items() if origin in origins}
    ended = [promotion for promotion in finished if promotion.phase.is_terminal]
    return _overlaid(kept, ended, origins)


def effective_holds(
    durable: Mapping[str, Hold],
    promotions: Iterable[PromotionIntent],
    *,
    last_promotion: str,
    origins: Collection[str],
    is_enabled: bool,
) -> dict[str, Hold]:
    """Return the holds by origin that auto-promotion heeds now.

    Those that last, under what the promotions say that the Stage has not yet taken note of:
    waiting, running or just ended, the newest of each origin.
    """
    if not is_enabled:
        return {}
    newer = [promotion for promotion in promotions if promotion.promotion > last_promotion]
    return _overlaid(durable, newer, origins)


def _overlaid(
    holds: Mapping[str, Hold], promotions: Iterable[PromotionIntent], origins: Collection[str]
) -> dict[str, Hold]:
    result = dict(holds)
    for promotion in sorted(promotions, key=lambda it: it.promotion):
        if promotion.phase is PromotionPhase.ABORTED or promotion.origin not in origins:
            continue
        if promotion.intent is HoldIntent.HOLD:
            result[promotion.origin] = promotion.as_hold()
        elif promotion.intent is HoldIntent.RESUME:
            result.pop(promotion.origin, None)
    return result

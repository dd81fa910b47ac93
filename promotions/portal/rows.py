"""Rows of tables and lists, with their values ready to show."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from common.jsontypes import JSONValue, as_object, as_text
from promotions.models import Promotion
from promotions.portal.cards import StageChip, stage_chip
from promotions.portal.states import State, condition_tone, promotion_state
from promotions.selectors.plans import ROLLBACK_ANNOTATION


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition of an object; ``state`` carries its status as the word."""

    type: str
    state: State
    reason: str
    message: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class PromotionRow:
    """One promotion in a list."""

    promotion: Promotion
    state: State
    stage: StageChip
    length: timedelta | None
    is_rollback: bool = False


def condition_rows(conditions: Iterable[JSONValue]) -> list[ConditionRow]:
    return [_condition_row(as_object(item)) for item in conditions]


def promotion_rows(promotions: Iterable[Promotion]) -> list[PromotionRow]:
    return [
        PromotionRow(
            promotion=promotion,
            state=promotion_state(promotion),
            stage=stage_chip(promotion.stage),
            length=length_of(promotion),
            is_rollback=promotion.annotations.get(ROLLBACK_ANNOTATION) == "true",
        )
        for promotion in promotions
    ]


def length_of(promotion: Promotion) -> timedelta | None:
    """Return how long a promotion ran; ``None`` while it has not both started and ended."""
    if promotion.started_at is None or promotion.finished_at is None:
        return None
    return promotion.finished_at - promotion.started_at


def _condition_row(condition: Mapping[str, JSONValue]) -> ConditionRow:
    return ConditionRow(
        type=as_text(condition.get("type")),
        state=State(condition_tone(condition), as_text(condition.get("status"))),
        reason=as_text(condition.get("reason")),
        message=as_text(condition.get("message")),
        since=_time(as_text(condition.get("lastTransitionTime"))),
    )


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None

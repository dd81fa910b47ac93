"""What a Stage's pass does about promotion requests: notes their end, lets the next one in."""

from datetime import datetime

from promotions.engine.conditions import Condition, ConditionStatus
from promotions.engine.holds import PromotionIntent
from promotions.engine.stage_summary import PROMOTING
from promotions.models import PromotionRequest, Stage
from promotions.selectors import promotion_requests as reads
from promotions.services import request_progress


def take_note(stage: Stage, *, now: datetime) -> list[PromotionRequest]:
    """Conclude the requests that have ended, if the Stage's current one has; return them."""
    current = stage.current_request
    if current is None or not (current.is_terminal or current.deleted_at is not None):
        return []
    ended = reads.requests_ended_after(stage, stage.last_request.name if stage.last_request else "")
    for request in ended:
        request_progress.conclude_request(stage, request, now=now)
    request_progress.clear_current_request(stage, now=now)
    return ended


def intents_of(requests: list[PromotionRequest]) -> list[PromotionIntent]:
    """Return what requests that have ended say about automation."""
    return [reads.request_intent(request) for request in requests]


def next_request(stage: Stage) -> PromotionRequest | None:
    """Return the request that is the first in the Stage's queue."""
    return next(iter(reads.unfinished_requests_in(stage)), None)


def requesting_condition(request: PromotionRequest) -> Condition:
    """Return the condition of a Stage with a promotion request under way."""
    message = f'promotion request "{request.name}" is under way'
    return Condition(PROMOTING, ConditionStatus.TRUE, "ActivePromotionRequest", message)

"""Reads and writes conditions as Kubernetes objects show them."""

from collections.abc import Iterable
from datetime import datetime

from common.jsontypes import JSONValue, as_list, as_object, as_text
from promotions.engine.conditions import Condition, ConditionStatus


def conditions_from(document: JSONValue) -> tuple[Condition, ...]:
    """Read a stored list of conditions."""
    return tuple(_condition_from(item) for item in as_list(document))


def conditions_to(conditions: Iterable[Condition]) -> list[dict[str, JSONValue]]:
    """Write conditions; every one has a transition time."""
    return [
        {
            "type": it.type,
            "status": it.status.value,
            "reason": it.reason,
            "message": it.message,
            "observedGeneration": it.observed_generation,
            "lastTransitionTime": time_to(it.last_transition_at),
        }
        for it in conditions
    ]


def time_to(value: datetime | None) -> str | None:
    """Write a time as RFC 3339 with whole seconds, in UTC."""
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else None


def _condition_from(document: JSONValue) -> Condition:
    item = as_object(document)
    generation = item.get("observedGeneration")
    since = as_text(item.get("lastTransitionTime"))
    return Condition(
        type=as_text(item.get("type")),
        status=ConditionStatus(as_text(item.get("status"))),
        reason=as_text(item.get("reason")),
        message=as_text(item.get("message")),
        observed_generation=generation if isinstance(generation, int) else 0,
        last_transition_at=datetime.fromisoformat(since) if since else None,
    )

"""Conditions: what is true of an object right now, why, and since when.

Source: Kubernetes ``metav1.Condition`` as Kargo ``pkg/conditions`` sets it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from promotions.engine import gostrings

MESSAGE_LIMIT_BYTES = 32_768
_SUFFIX = " ... (truncated)"


class ConditionStatus(StrEnum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an object.

    Attributes:
        type: Such as ``Ready``; an object has one condition of each type.
        reason: One word for programs.
        last_transition_at: ``None`` lets :func:`set_condition` decide.
    """

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""
    observed_generation: int = 0
    last_transition_at: datetime | None = None


def find_condition(conditions: Iterable[Condition], condition_type: str) -> Condition | None:
    """Return the condition of a type, or ``None`` if the object has none."""
    return next((it for it in conditions if it.type == condition_type), None)


def without_condition(
    conditions: Iterable[Condition], condition_type: str
) -> tuple[Condition, ...]:
    """Return the conditions less the one of a type."""
    return tuple(it for it in conditions if it.type != condition_type)


def set_condition(
    conditions: Iterable[Condition], new: Condition, *, now: datetime
) -> tuple[Condition, ...]:
    """Return the conditions with ``new`` in its place.

    The time of the last transition stays while status, reason and message do; a time that
    ``new`` brings along wins. A message over 32 KiB is cut.
    """
    kept = tuple(conditions)
    new = replace(new, message=truncated(new.message))
    old = find_condition(kept, new.type)
    if old is None:
        return (*kept, _dated(new, now))
    merged = _merged(old, new, now)
    return tuple(merged if it is old else it for it in kept)


def truncated(message: str, *, limit_bytes: int = MESSAGE_LIMIT_BYTES) -> str:
    """Return the message as it can be stored, cut to at most ``limit_bytes`` of UTF-8."""
    message = gostrings.storable(message)
    encoded = message.encode()
    if len(encoded) <= limit_bytes:
        return message
    return encoded[: limit_bytes - len(_SUFFIX)].decode(errors="ignore") + _SUFFIX


def _merged(old: Condition, new: Condition, now: datetime) -> Condition:
    if _facts(old) != _facts(new):
        return _dated(new, now)
    generation = max(old.observed_generation, new.observed_generation)
    since = new.last_transition_at or old.last_transition_at
    return replace(old, observed_generation=generation, last_transition_at=since)


def _facts(condition: Condition) -> tuple[ConditionStatus, str, str]:
    return condition.status, condition.reason, condition.message


def _dated(condition: Condition, now: datetime) -> Condition:
    return replace(condition, last_transition_at=condition.last_transition_at or now)

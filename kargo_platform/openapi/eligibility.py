"""The schemas of what may be promoted where, and why not."""

from typing import Any

_TEXT = {"type": "string"}
_REASON: dict[str, Any] = {
    "type": "object",
    "required": ["code", "message", "bars", "liftedBy", "liftsAt"],
    "properties": {
        "code": _TEXT,
        "message": _TEXT,
        "bars": {"type": "string", "enum": ["promotion", "start", "automation"]},
        "liftedBy": _TEXT,
        "liftsAt": {"type": "string", "format": "date-time", "nullable": True},
    },
}
_REASONS = {"type": "array", "items": _REASON}
_PAIR: dict[str, Any] = {
    "type": "object",
    "required": ["stage", "freight", "alias", "eligible", "reasons"],
    "properties": {
        "stage": _TEXT,
        "freight": _TEXT,
        "alias": _TEXT,
        "eligible": {"type": "boolean"},
        "reasons": _REASONS,
    },
}


def _page(cursor: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items", cursor],
        "properties": {
            "items": {"type": "array", "items": _PAIR},
            cursor: {"type": "string", "nullable": True},
        },
    }


SCHEMAS: dict[str, dict[str, Any]] = {
    "StageEligibility": _page("before"),
    "FreightEligibility": _page("after"),
    "PromotionWait": {
        "type": "object",
        "required": ["promotion", "phase", "reasons"],
        "properties": {"promotion": _TEXT, "phase": _TEXT, "reasons": _REASONS},
    },
}

"""What the web steps' configurations share: headers, parameters and durations."""

from datetime import timedelta

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import parse_duration
from promotions.engine.runner import StepError

LONGEST_TIMEOUT = timedelta(hours=1)
"""The most that one exchange may take; where Go reads "no limit", this is it."""

DURATION_SCHEMA: JSONObject = {"type": "string", "pattern": "(?:\\d+(ns|us|µs|ms|s|m|h))+"}
PAIRS_SCHEMA: JSONObject = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "value"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "value": {"type": "string", "minLength": 1},
        },
    },
}


def pairs(entries: JSONValue) -> tuple[tuple[str, str], ...]:
    """Return a list of ``{name, value}`` as pairs, in order."""
    objects = map(as_object, as_list(entries))
    return tuple((as_text(it["name"]), as_text(it["value"])) for it in objects)


def duration(config: JSONObject, field: str, *, default: str) -> timedelta:
    """Return a field's duration.

    Raises:
        StepError: It is none; terminal.
    """
    text = as_text(config.get(field)) or default
    try:
        return timedelta(microseconds=parse_duration(text).ns / 1000)
    except OperandError as error:
        raise StepError(f'{field} "{text}" is not a duration', terminal=True) from error


def timeout(config: JSONObject, *, default: str) -> timedelta:
    """Return the field ``timeout``, at most ``LONGEST_TIMEOUT``.

    Raises:
        StepError: It is no duration; terminal.
    """
    asked = duration(config, "timeout", default=default)
    return min(asked, LONGEST_TIMEOUT) if asked > timedelta(0) else LONGEST_TIMEOUT

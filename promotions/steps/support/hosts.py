"""What steps share that work at code hosts and issue trackers: refusals, names, and waits."""

from datetime import timedelta

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue, as_list, as_text
from promotions.ports.scm import ScmError
from promotions.steps.support.web import DURATION_SCHEMA, duration

POLL_INTERVAL_SCHEMA: JSONObject = {
    **DURATION_SCHEMA,
    "description": "Time between looks; ten seconds at least, five minutes by default.",
}

_CLIENT_ERRORS = range(400, 500)
_PASSING = frozenset({408, 429})


def is_refusal(error: PlatformError) -> bool:
    """Return whether a host understood and will not, today or tomorrow."""
    if not isinstance(error, ScmError) or error.retryable:
        return False
    return error.status in _CLIENT_ERRORS and error.status not in _PASSING


def poll_interval(config: JSONObject) -> timedelta | None:
    """Return the configured time between looks, or ``None`` for the engine's own.

    Raises:
        StepError: It is no duration; terminal.
    """
    if not as_text(config.get("pollInterval")):
        return None
    return duration(config, "pollInterval", default="")


def names(value: JSONValue) -> tuple[str, ...]:
    """Return a list of texts."""
    return tuple(as_text(it) for it in as_list(value))

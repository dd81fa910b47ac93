"""When things are due: Go durations added to moments.

Source: Go ``time.ParseDuration`` and Argo Rollouts ``v1alpha1.DurationString``.
"""

from datetime import UTC, datetime, timedelta

from common.errors import InvalidError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import parse_duration

ERROR_RETRY = timedelta(seconds=10)
"""How long after an error the next measurement is due, whatever the interval."""

_NANOSECONDS = 1000
_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)


def duration_of(text: str) -> timedelta:
    """Return the duration that the text states, such as ``1m30s``, in whole microseconds.

    Raises:
        InvalidError: It states none; the message is Go's.
    """
    try:
        duration = parse_duration(text)
    except OperandError as error:
        raise InvalidError(str(error)) from error
    return timedelta(microseconds=duration.ns // _NANOSECONDS)


def optional_duration(text: str) -> timedelta | None:
    """Return the duration, ``None`` if the text states none."""
    try:
        return duration_of(text)
    except InvalidError:
        return None


def after(moment: datetime, wait: timedelta) -> datetime:
    """Return the moment that comes ``wait`` later, or the last or first there is."""
    try:
        return moment + wait
    except OverflowError:
        return _LAST if wait > timedelta(0) else _FIRST

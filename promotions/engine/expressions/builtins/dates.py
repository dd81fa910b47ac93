"""Builtins that make times, durations and places.

``now()`` is there where whoever evaluates puts ``now_function`` of a clock into the environment.

Source: https://github.com/expr-lang/expr ``builtin``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import parse_duration
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.layouts import (
    DATE_ONLY,
    DATE_TIME,
    RFC822,
    RFC850,
    RFC1123,
    RFC3339,
    TIME_ONLY,
)
from promotions.engine.expressions.gotime.limits import check_length
from promotions.engine.expressions.gotime.parsing import parse_time
from promotions.engine.expressions.gotime.zone_files import load_location
from promotions.engine.expressions.gotime.zones import LOCAL, Location
from promotions.engine.expressions.values import Function, as_text

NOW = "now"

_LAYOUTS = (DATE_ONLY, TIME_ONLY, DATE_TIME, RFC3339, RFC822, RFC850, RFC1123)
_MOST_TEXTS = 3


def parse_date(text: str, location: Location | None = None) -> Time:
    """Return the time that the text states in one of the usual forms; without a zone it is UTC.

    Args:
        text: Such as ``2023-08-14``, ``15:04:05`` or ``2023-08-14T00:00:00Z``.
        location: Where the clock is that showed it, if not in UTC.

    Raises:
        OperandError: It has none of the forms.
    """
    check_length(text)
    for layout in _LAYOUTS:
        try:
            return parse_time(layout, text, location)
        except OperandError:
            continue
    raise OperandError(f"invalid date {text}")


def now_function(clock: Callable[[], datetime]) -> Function:
    """Return ``now()``, which gives the time that ``clock`` shows when it is called.

    It takes the place to see the time from; without one, that is the machine's, in UTC.
    """

    def now(arguments: Sequence[object]) -> object:
        location = arguments[0] if arguments else LOCAL
        if not isinstance(location, Location):
            raise OperandError("invalid number of arguments (expected 0, got 1)")
        return Time.from_datetime(clock()).seen_from(location)

    return Function(NOW, now, 0, 1)


def now_in(environment: Mapping[str, object]) -> Function:
    """Return the ``now()`` of an environment.

    Raises:
        OperandError: There is no clock in it.
    """
    function = environment.get(NOW)
    if not isinstance(function, Function):
        raise OperandError("there is no clock for now() here")
    return function


def _date(arguments: Sequence[object]) -> object:
    first, *rest = arguments
    location = first if isinstance(first, Location) else None
    texts = [as_text(it) for it in (rest if location else arguments)]
    if not 1 <= len(texts) <= _MOST_TEXTS:
        raise OperandError(f"invalid number of arguments (expected 1 to 3, got {len(texts)})")
    if len(texts) == 1:
        return parse_date(texts[0], location)
    if len(texts) == _MOST_TEXTS:
        location = load_location(texts[2])
    return parse_time(texts[1], texts[0], location)


def _duration(arguments: Sequence[object]) -> object:
    return parse_duration(as_text(arguments[0]))


def _timezone(arguments: Sequence[object]) -> object:
    return load_location(as_text(arguments[0]))


def _now(_arguments: Sequence[object]) -> object:
    return now_in({})


FUNCTIONS = (
    Function("duration", _duration, 1, 1, ("string",)),
    Function("date", _date, 1, 1 + _MOST_TEXTS),
    Function("timezone", _timezone, 1, 1, ("string",)),
    Function(NOW, _now, 0, 1),
)

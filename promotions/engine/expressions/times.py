"""What can be asked of times, durations, months, weekdays and places, under Go's method names.

A method that has several results gives the first of them. What is not listed cannot be reached.

Source: Go package time; https://github.com/expr-lang/expr ``vm`` OpCall.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.binary import marshal_binary
from promotions.engine.expressions.gotime.civil import MONTHS, WEEKDAYS
from promotions.engine.expressions.gotime.durations import HOUR, MINUTE, SECOND, Duration
from promotions.engine.expressions.gotime.formatting import format_rfc3339, format_time, go_syntax
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.zones import LOCAL, UTC, Location
from promotions.engine.expressions.values import Function, NamedInt, type_name

TIME = "time.Time"
DURATION = "time.Duration"
LOCATION = "*time.Location"
MONTH = "time.Month"
WEEKDAY = "time.Weekday"

_BYTES = "[]uint8"
_ZERO_VALUES: Mapping[str, object] = {
    TIME: Time(),
    DURATION: Duration(0),
    LOCATION: None,
    "int": 0,
    "string": "",
    _BYTES: b"",
}


@dataclass(frozen=True, slots=True)
class Method:  # type: ignore[explicit-any]  # one signature per method
    """A method of one of Go's types.

    Attributes:
        call: Takes the receiver, then the arguments.
        results: Go's names of the types of its results, without a final error.
        parameters: Go's names of the types of the arguments.
    """

    call: Callable[..., object]  # type: ignore[explicit-any]  # one signature per method
    results: tuple[str, ...]
    parameters: tuple[str, ...] = ()


def time_method(target: object, name: str) -> Function | None:
    """Return the method ``name`` of a value of package time bound to it, or ``None``."""
    method = METHODS.get(type_name(target), {}).get(name)
    if method is None:
        return None

    def call(arguments: Sequence[object]) -> object:
        return method.call(target, *map(_argument, method.parameters, arguments))

    count = len(method.parameters)
    return Function(name, call, count, count)


def _argument(parameter: str, value: object) -> object:
    """Return the argument; nil is the zero value of the parameter's type."""
    if value is None:
        return _ZERO_VALUES[parameter]
    if type_name(value) != parameter:
        raise OperandError(f"reflect: Call using {type_name(value)} as type {parameter}")
    return value


def with_times(variables: Mapping[str, object]) -> dict[str, object]:
    """Return the variables with every ``datetime`` among them as the language's own time."""
    return {
        name: Time.from_datetime(value) if isinstance(value, datetime) else value
        for name, value in variables.items()
    }


def month_value(number: int) -> NamedInt:
    """Return a value of Go's type Month, from 1."""
    return NamedInt(number, MONTH, MONTHS[number - 1])


def weekday_value(number: int) -> NamedInt:
    """Return a value of Go's type Weekday, 0 for Sunday."""
    return NamedInt(number, WEEKDAY, WEEKDAYS[number])


def _int64(value: int) -> NamedInt:
    return NamedInt(value, "int64")


def _seen_from(time: Time, location: Location | None) -> Time:
    if location is None:
        raise OperandError("time: missing Location in call to Time.In")
    return time.seen_from(location)


def _text(time: Time, method: str) -> bytes:
    try:
        return format_rfc3339(time).encode()
    except OperandError as error:
        raise OperandError(f"Time.{method}: {error}") from error


def _formatted(time: Time, layout: str) -> bytes:
    return format_time(time, layout).encode(errors="surrogateescape")


_TIME_METHODS = {
    "Add": Method(Time.add, (TIME,), (DURATION,)),
    "AddDate": Method(Time.add_date, (TIME,), ("int", "int", "int")),
    "After": Method(lambda it, other: it.compare(other) > 0, ("bool",), (TIME,)),
    "AppendBinary": Method(lambda it, raw: raw + marshal_binary(it), (_BYTES,), (_BYTES,)),
    "AppendFormat": Method(
        lambda it, raw, layout: raw + _formatted(it, layout), (_BYTES,), (_BYTES, "string")
    ),
    "AppendText": Method(lambda it, raw: raw + _text(it, "AppendText"), (_BYTES,), (_BYTES,)),
    "Before": Method(lambda it, other: it.compare(other) < 0, ("bool",), (TIME,)),
    "Clock": Method(lambda it: it.clock()[0], ("int", "int", "int")),
    "Compare": Method(Time.compare, ("int",), (TIME,)),
    "Date": Method(lambda it: it.date()[0], ("int", MONTH, "int")),
    "Day": Method(lambda it: it.date()[2], ("int",)),
    "Equal": Method(Time.is_same_instant, ("bool",), (TIME,)),
    "Format": Method(format_time, ("string",), ("string",)),
    "GoString": Method(go_syntax, ("string",)),
    "GobEncode": Method(marshal_binary, (_BYTES,)),
    "Hour": Method(lambda it: it.clock()[0], ("int",)),
    "ISOWeek": Method(lambda it: it.iso_week()[0], ("int", "int")),
    "In": Method(_seen_from, (TIME,), (LOCATION,)),
    "IsDST": Method(lambda it: it.zone.is_dst, ("bool",)),
    "IsZero": Method(Time.is_zero, ("bool",)),
    "Local": Method(lambda it: it.seen_from(LOCAL), (TIME,)),
    "Location": Method(lambda it: it.location, (LOCATION,)),
    "MarshalBinary": Method(marshal_binary, (_BYTES,)),
    "MarshalJSON": Method(lambda it: b'"%b"' % _text(it, "MarshalJSON"), (_BYTES,)),
    "MarshalText": Method(lambda it: _text(it, "MarshalText"), (_BYTES,)),
    "Minute": Method(lambda it: it.clock()[1], ("int",)),
    "Month": Method(lambda it: month_value(it.date()[1]), (MONTH,)),
    "Nanosecond": Method(lambda it: it.nanosecond, ("int",)),
    "Round": Method(Time.rounded, (TIME,), (DURATION,)),
    "Second": Method(lambda it: it.clock()[2], ("int",)),
    "String": Method(format_time, ("string",)),
    "Sub": Method(Time.since, (DURATION,), (TIME,)),
    "Truncate": Method(Time.truncated, (TIME,), (DURATION,)),
    "UTC": Method(lambda it: it.seen_from(UTC), (TIME,)),
    "Unix": Method(lambda it: _int64(it.unix), ("int64",)),
    "UnixMicro": Method(lambda it: _int64(it.unix_in(1_000_000)), ("int64",)),
    "UnixMilli": Method(lambda it: _int64(it.unix_in(1_000)), ("int64",)),
    "UnixNano": Method(lambda it: _int64(it.unix_in(SECOND)), ("int64",)),
    "Weekday": Method(lambda it: weekday_value(it.weekday()), (WEEKDAY,)),
    "Year": Method(lambda it: it.date()[0], ("int",)),
    "YearDay": Method(Time.year_day, ("int",)),
    "Zone": Method(lambda it: it.zone.name, ("string", "int")),
    "ZoneBounds": Method(lambda it: it.zone_bounds()[0], (TIME, TIME)),
}
_DURATION_METHODS = {
    "Abs": Method(Duration.absolute, (DURATION,)),
    "Hours": Method(lambda it: it.in_unit(HOUR), ("float64",)),
    "Microseconds": Method(lambda it: _int64(it.whole_units(1_000)), ("int64",)),
    "Milliseconds": Method(lambda it: _int64(it.whole_units(1_000_000)), ("int64",)),
    "Minutes": Method(lambda it: it.in_unit(MINUTE), ("float64",)),
    "Nanoseconds": Method(lambda it: _int64(it.ns), ("int64",)),
    "Round": Method(Duration.rounded, (DURATION,), (DURATION,)),
    "Seconds": Method(lambda it: it.in_unit(SECOND), ("float64",)),
    "String": Method(str, ("string",)),
    "Truncate": Method(Duration.truncated, (DURATION,), (DURATION,)),
}
_LABEL = Method(lambda it: cast("NamedInt", it).label, ("string",))

METHODS: Mapping[str, Mapping[str, Method]] = {
    TIME: _TIME_METHODS,
    DURATION: _DURATION_METHODS,
    LOCATION: {"String": Method(str, ("string",))},
    MONTH: {"String": _LABEL},
    WEEKDAY: {"String": _LABEL},
}
"""The methods of each type by name."""

"""What can be asked of times and durations, under Go's method names.

Times are exact to the microsecond.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import Duration, Function, NamedInt, as_int

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND_NS = 1_000_000_000

Arguments = Sequence[object]


def time_method(target: object, name: str) -> Function | None:
    """Return the method ``name`` of a time or duration bound to it, or ``None``."""
    if isinstance(target, datetime):
        return _bound(target, name, _TIME_METHODS)
    if isinstance(target, Duration):
        return _bound(target, name, _DURATION_METHODS)
    return None


def _bound(
    target: datetime | Duration,
    name: str,
    methods: "dict[str, tuple[int, Callable[[datetime | Duration, Arguments], object]]]",
) -> Function | None:
    if name not in methods:
        return None
    count, method = methods[name]
    return Function(name, lambda arguments: method(target, arguments), count, count)


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    raise OperandError("expected a time")


def _length(value: object) -> Duration:
    if isinstance(value, Duration):
        return value
    raise OperandError("expected a duration")


def _nanoseconds(value: object) -> int:
    return (_moment(value) - _EPOCH) // timedelta(microseconds=1) * 1000


def _weekday(value: object) -> NamedInt:
    moment = _moment(value)
    return NamedInt(moment.isoweekday() % 7, "time.Weekday", moment.strftime("%A"))


def _month(value: object) -> NamedInt:
    moment = _moment(value)
    return NamedInt(moment.month, "time.Month", moment.strftime("%B"))


def _truncate(value: object, unit: object) -> Duration:
    size = _length(unit).ns
    length = _length(value).ns
    if size <= 0:
        return Duration(length)
    rest = abs(length) % size
    return Duration(length - rest if length >= 0 else length + rest)


def _since(left: object, right: object) -> Duration:
    return Duration(_nanoseconds(left) - _nanoseconds(right))


def _shifted(value: object, arguments: Arguments) -> datetime:
    """Add years, months and days; days beyond a month's end run into the next month."""
    moment = _moment(value)
    years, months, days = (as_int(it) for it in arguments)
    index = (moment.year + years) * 12 + moment.month - 1 + months
    first = moment.replace(year=index // 12, month=index % 12 + 1, day=1)
    return first + timedelta(days=moment.day - 1 + days)


_TIME_METHODS: dict[str, tuple[int, Callable[[datetime | Duration, Arguments], object]]] = {
    "Year": (0, lambda it, _: _moment(it).year),
    "Month": (0, lambda it, _: _month(it)),
    "Day": (0, lambda it, _: _moment(it).day),
    "Hour": (0, lambda it, _: _moment(it).hour),
    "Minute": (0, lambda it, _: _moment(it).minute),
    "Second": (0, lambda it, _: _moment(it).second),
    "Nanosecond": (0, lambda it, _: _moment(it).microsecond * 1000),
    "Weekday": (0, lambda it, _: _weekday(it)),
    "YearDay": (0, lambda it, _: _moment(it).timetuple().tm_yday),
    "Unix": (0, lambda it, _: NamedInt(_nanoseconds(it) // _SECOND_NS, "int64")),
    "UnixMilli": (0, lambda it, _: NamedInt(_nanoseconds(it) // 1_000_000, "int64")),
    "UnixMicro": (0, lambda it, _: NamedInt(_nanoseconds(it) // 1_000, "int64")),
    "UnixNano": (0, lambda it, _: NamedInt(_nanoseconds(it), "int64")),
    "UTC": (0, lambda it, _: _moment(it).astimezone(UTC)),
    "IsZero": (0, lambda it, _: _moment(it).timestamp() == datetime.min.replace(tzinfo=UTC)),
    "After": (1, lambda it, other: _moment(it) > _moment(other[0])),
    "Before": (1, lambda it, other: _moment(it) < _moment(other[0])),
    "Equal": (1, lambda it, other: _moment(it) == _moment(other[0])),
    "Compare": (
        1,
        lambda it, other: (_moment(it) > _moment(other[0])) - (_moment(it) < _moment(other[0])),
    ),
    "Sub": (1, lambda it, other: _since(it, other[0])),
    "Add": (
        1,
        lambda it, other: _moment(it) + timedelta(microseconds=_length(other[0]).ns // 1000),
    ),
    "AddDate": (3, _shifted),
}
_DURATION_METHODS: dict[str, tuple[int, Callable[[datetime | Duration, Arguments], object]]] = {
    "Hours": (0, lambda it, _: _length(it).ns / (3600 * _SECOND_NS)),
    "Minutes": (0, lambda it, _: _length(it).ns / (60 * _SECOND_NS)),
    "Seconds": (0, lambda it, _: _length(it).ns / _SECOND_NS),
    "Milliseconds": (0, lambda it, _: NamedInt(int(_length(it).ns / 1_000_000), "int64")),
    "Microseconds": (0, lambda it, _: NamedInt(int(_length(it).ns / 1_000), "int64")),
    "Nanoseconds": (0, lambda it, _: NamedInt(_length(it).ns, "int64")),
    "String": (0, lambda it, _: str(_length(it))),
    "Abs": (0, lambda it, _: Duration(abs(_length(it).ns))),
    "Truncate": (1, lambda it, unit: _truncate(it, unit[0])),
}

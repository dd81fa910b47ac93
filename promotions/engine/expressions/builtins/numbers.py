"""Builtins on numbers: rounding, statistics and bits."""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

from promotions.engine.expressions.builtins.collections import listed
from promotions.engine.expressions.builtins.declarations import (
    NUMBERS,
    Call,
    Declaration,
    aggregating,
    expecting,
    overloaded,
    rounding,
    validated,
)
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.int64 import wrap
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import INT
from promotions.engine.expressions.operators import is_less, is_more, negated, quotient
from promotions.engine.expressions.values import (
    as_int,
    is_array,
    is_int,
    is_number,
    type_name,
)

_MASK = 2**64 - 1
_BITS = 64

Better = Callable[[object, object], bool]


def _invalid(name: str, value: object) -> OperandError:
    return OperandError(f"invalid argument for {name} (type {type_name(value)})")


def _abs(arguments: Sequence[object], _meter: Meter) -> object:
    value = arguments[0]
    if not is_number(value):
        raise _invalid("abs", value)
    return negated(value) if value < 0 else value  # type: ignore[operator]  # is_number


def _rounding(name: str, apply: Callable[[float], float]) -> Declaration:
    def call(arguments: Sequence[object], _meter: Meter) -> object:
        value = arguments[0]
        if not is_number(value):
            raise _invalid(name, value)
        number = float(value)  # type: ignore[arg-type]  # is_number
        return apply(number) if math.isfinite(number) else number

    return validated(name, call, rounding(name))


def _round_half_away(value: float) -> float:
    whole = math.floor(abs(value))
    return math.copysign(whole + (abs(value) - whole >= 0.5), value)  # noqa: PLR2004  a half


def _extreme(name: str, is_worse: Better) -> Call:
    """Return ``max`` or ``min``, by what makes the best so far worse than another number."""

    def best(numbers: Iterable[object]) -> object:
        found: object = None
        for number in numbers:
            if found is None or is_worse(found, number):
                found = number
        return found

    def call(arguments: Sequence[object], meter: Meter) -> object:
        only = arguments[0]
        if len(arguments) == 1 and not is_array(only):
            return only
        return best(_operands(name, arguments, best, _is_number_kind, meter))

    return call


def _operands(
    name: str,
    values: Sequence[object],
    best: Callable[[Iterable[object]], object],
    fits: Callable[[object], bool],
    meter: Meter,
) -> Iterator[object]:
    """Yield the numbers among the values, and of an array the best of its own.

    Durations and the like are taken from the arguments, but not out of arrays.
    """
    for value in values:
        meter.visit(1)
        if not is_array(value):
            if not fits(value):
                raise _invalid(name, value)
            yield value
            continue
        items = listed(value)  # type: ignore[arg-type]  # is_array
        inner = best(_operands(name, items, best, is_number, meter))
        if inner is not None:
            yield inner


def _is_number_kind(value: object) -> bool:
    """Return whether Go can read the value as a number, whatever its type's name."""
    return isinstance(value, (int, float, Duration)) and not isinstance(value, bool)


def _numbers(name: str, values: Sequence[object], meter: Meter) -> Iterator[object]:
    """Yield the numbers of nested arrays as floats, and an array as the iterator of its own."""
    for value in values:
        meter.visit(1)
        if isinstance(value, Duration):
            yield float(value.ns)
        elif is_array(value):
            yield _numbers(name, listed(value), meter)  # type: ignore[arg-type]  # is_array
        elif _is_number_kind(value):
            yield float(value)  # type: ignore[arg-type]  # a number
        else:
            raise _invalid(name, value)


def _count_and_sum(numbers: Iterator[object]) -> tuple[int, float]:
    """Return how many numbers there are and their sum, an inner array's added as a whole."""
    count, total = 0, 0.0
    for number in numbers:
        if isinstance(number, float):
            count, total = count + 1, total + number
        else:
            inner_count, inner_total = _count_and_sum(number)  # type: ignore[arg-type]  # an iterator
            count, total = count + inner_count, total + inner_total
    return count, total


def _mean(arguments: Sequence[object], meter: Meter) -> object:
    count, total = _count_and_sum(_numbers("mean", arguments, meter))
    return quotient(total, float(count)) if count else 0.0


def _flat(numbers: Iterator[object]) -> Iterator[float]:
    for number in numbers:
        if isinstance(number, float):
            yield number
        else:
            yield from _flat(number)  # type: ignore[arg-type]  # an iterator


def _median(arguments: Sequence[object], meter: Meter) -> object:
    numbers = _flat(_numbers("median", arguments, meter))
    values = sorted(numbers, key=lambda it: (not math.isnan(it), 0 if math.isnan(it) else it))
    if not values:
        return 0.0
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def _int(value: object, name: str) -> int:
    if not is_int(value):
        raise OperandError(f"cannot use {type_name(value)} as argument (type int) to call {name}")
    return as_int(value)


def _bitwise(name: str, apply: Callable[[int, int], int]) -> Declaration:
    def call(arguments: Sequence[object], _meter: Meter) -> object:
        left, right = (_int(it, name) for it in arguments)
        return wrap(apply(left, right))

    return overloaded(name, call, INT, (INT, INT))


def _shift_left(value: int, places: int) -> int:
    return value << places if _places(places) < _BITS else 0


def _shift_right(value: int, places: int) -> int:
    return value >> min(_places(places), _BITS)


def _shift_right_unsigned(value: int, places: int) -> int:
    return (value & _MASK) >> min(_places(places), _BITS)


def _places(places: int) -> int:
    if places < 0:
        raise OperandError(f"invalid operation: negative shift count {places} (type int)")
    return places


def _bitnot(arguments: Sequence[object], _meter: Meter) -> object:
    return ~_int(arguments[0], "bitnot")


FUNCTIONS: tuple[Declaration, ...] = (
    validated("abs", _abs, expecting("abs", NUMBERS, lambda nature: nature)),
    _rounding("ceil", lambda value: math.copysign(math.ceil(value), value)),
    _rounding("floor", lambda value: math.copysign(math.floor(value), value)),
    _rounding("round", _round_half_away),
    validated("max", _extreme("max", is_less), aggregating("max"), most=None),
    validated("min", _extreme("min", is_more), aggregating("min"), most=None),
    validated("mean", _mean, aggregating("mean"), most=None),
    validated("median", _median, aggregating("median"), most=None),
    _bitwise("bitand", operator.and_),
    _bitwise("bitor", operator.or_),
    _bitwise("bitxor", operator.xor),
    _bitwise("bitnand", lambda left, right: left & ~right),
    _bitwise("bitshl", _shift_left),
    _bitwise("bitshr", _shift_right),
    _bitwise("bitushr", _shift_right_unsigned),
    overloaded("bitnot", _bitnot, INT, (INT,)),
)

"""Builtins on numbers: rounding, statistics and bits."""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key

from promotions.engine.expressions.builtins.predicates import compare_values
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.operators import is_less
from promotions.engine.expressions.values import (
    Function,
    is_array,
    is_int,
    type_name,
    wrap_int,
)

_MASK = 2**64 - 1
_BITS = 64


def _number(value: object, name: str) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OperandError(f"invalid argument for {name} (type {type_name(value)})")
    return value


def _abs(arguments: Sequence[object]) -> object:
    value = abs(_number(arguments[0], "abs"))
    return wrap_int(value) if isinstance(value, int) else value


def _rounding(name: str, apply: Callable[[float], float]) -> Function:
    def call(arguments: Sequence[object]) -> object:
        value = float(_number(arguments[0], name))
        return apply(value) if math.isfinite(value) else value

    return Function(name, call, 1, 1, ("number",))


def _round_half_away(value: float) -> float:
    whole = math.floor(abs(value))
    return math.copysign(whole + (abs(value) - whole >= 0.5), value)  # noqa: PLR2004  a half


def _flatten_numbers(arguments: Sequence[object], name: str) -> Iterator[int | float]:
    for argument in arguments:
        if is_array(argument):
            yield from _flatten_numbers(argument, name)  # type: ignore[arg-type]  # is_array
        else:
            yield _number(argument, name)


def _max(arguments: Sequence[object]) -> object:
    best: object = None
    for value in _flatten_numbers(arguments, "max"):
        best = value if best is None or is_less(best, value) else best
    return best


def _min(arguments: Sequence[object]) -> object:
    best: object = None
    for value in _flatten_numbers(arguments, "min"):
        best = value if best is None or is_less(value, best) else best
    return best


def _mean(arguments: Sequence[object]) -> object:
    values = list(_flatten_numbers(arguments, "mean"))
    return math.fsum(values) / len(values) if values else 0


def _median(arguments: Sequence[object]) -> object:
    values = sorted(_flatten_numbers(arguments, "median"), key=cmp_to_key(compare_values))
    if not values:
        return 0.0
    middle = len(values) // 2
    if len(values) % 2:
        return float(values[middle])
    return (float(values[middle - 1]) + float(values[middle])) / 2


def _int(value: object, name: str) -> int:
    if not is_int(value):
        raise OperandError(f"cannot use {type_name(value)} as argument (type int) to call {name}")
    return int(value)  # type: ignore[call-overload, no-any-return]  # is_int


def _bitwise(name: str, apply: Callable[[int, int], int]) -> Function:
    def call(arguments: Sequence[object]) -> object:
        left, right = (_int(it, name) for it in arguments)
        return wrap_int(apply(left, right))

    return Function(name, call, 2, 2, ("int", "int"))


def _shift_left(value: int, places: int) -> int:
    return value << places if _places(places) < _BITS else 0


def _shift_right(value: int, places: int) -> int:
    return value >> min(_places(places), _BITS)


def _shift_right_unsigned(value: int, places: int) -> int:
    return (value & _MASK) >> min(_places(places), _BITS)


def _places(places: int) -> int:
    if places < 0:
        raise OperandError("negative shift amount")
    return places


def _bitnot(arguments: Sequence[object]) -> object:
    return ~_int(arguments[0], "bitnot")


FUNCTIONS = (
    Function("abs", _abs, 1, 1, ("number",)),
    _rounding("ceil", lambda value: math.copysign(math.ceil(value), value)),
    _rounding("floor", lambda value: float(math.floor(value))),
    _rounding("round", _round_half_away),
    Function("max", _max, 1, None, ()),
    Function("min", _min, 1, None, ()),
    Function("mean", _mean, 1, None, ()),
    Function("median", _median, 1, None, ()),
    _bitwise("bitand", operator.and_),
    _bitwise("bitor", operator.or_),
    _bitwise("bitxor", operator.xor),
    _bitwise("bitnand", lambda left, right: left & ~right),
    _bitwise("bitshl", _shift_left),
    _bitwise("bitshr", _shift_right),
    _bitwise("bitushr", _shift_right_unsigned),
    Function("bitnot", _bitnot, 1, 1, ("int",)),
)

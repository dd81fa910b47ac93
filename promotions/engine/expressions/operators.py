"""What the operators of the language do to two values.

Source: https://github.com/expr-lang/expr ``vm/runtime``.
"""

import math
import operator
from collections.abc import Callable
from typing import Protocol, TypeVar

from promotions.engine.expressions.equality import contains, equals
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.int64 import wrap, wrap_unsigned
from promotions.engine.expressions.matching import matches
from promotions.engine.expressions.meter import MEMORY_BUDGET, Meter
from promotions.engine.expressions.values import (
    NamedInt,
    TypedArray,
    as_float,
    as_int,
    as_text,
    is_int,
    is_nil,
    is_number,
    raw_bytes,
    type_name,
)
from promotions.engine.gomath import power

Operation = Callable[[object, object, Meter], object]
Text = TypeVar("Text", str, bytes)


class _TextTest(Protocol):
    """A test of two strings or of two byte strings."""

    def __call__(self, text: Text, part: Text, /) -> bool: ...


def negated(value: object) -> object:
    """Return a number with the other sign; of an unsigned type it wraps.

    Raises:
        OperandError: The value is no number.
    """
    if isinstance(value, float):
        return -value
    if isinstance(value, NamedInt) and is_int(value):
        size = {"uint8": 8, "uint16": 16, "uint32": 32}.get(value.go_type, 0)
        wrapped = -value % (1 << size) if size else _wrapped(-value, value.go_type)
        return NamedInt(wrapped, value.go_type)
    if is_int(value):
        return wrap(-value)  # type: ignore[operator]  # is_int
    raise OperandError(f"invalid operation: - {type_name(value)}")


def is_less(left: object, right: object) -> bool:
    """Return whether ``left`` comes before ``right``.

    Raises:
        OperandError: The two have no order.
    """
    return _ordered("<", operator.lt, left, right)


def is_more(left: object, right: object) -> bool:
    """Return whether ``left`` comes after ``right``.

    Raises:
        OperandError: The two have no order.
    """
    return _ordered(">", operator.gt, left, right)


def add(left: object, right: object, meter: Meter) -> object:
    """Return the sum of numbers, of times and durations, or texts one after the other.

    Raises:
        OperandError: The operands do not go together, or the text is too long.
    """
    if isinstance(left, str) and isinstance(right, str):
        meter.spend_text(len(left) + len(right))
        return _joined(left, right)
    if isinstance(left, (Time, Duration)) and isinstance(right, (Time, Duration)):
        return _add_times(left, right)
    return _arithmetic("+", operator.add, left, right)


def _add_times(left: Time | Duration, right: Time | Duration) -> object:
    if isinstance(left, Time):
        left, right = right, left
    if isinstance(left, Time):
        raise _invalid("+", left, right)
    return right.add(left) if isinstance(right, Time) else Duration.wrapping(left.ns + right.ns)


def _joined(left: str, right: str) -> str:
    """Return the concatenation; bytes at the seam may only now form a character."""
    text = left + right
    if left and right and "\udc80" <= left[-1] <= "\udcff" and "\udc80" <= right[0] <= "\udcff":
        return raw_bytes(text).decode(errors="surrogateescape")
    return text


def _wrapped(value: int, go_type: str) -> int:
    return wrap_unsigned(value) if go_type.startswith("uint") else wrap(value)


def _invalid(symbol: str, left: object, right: object) -> OperandError:
    return OperandError(f"invalid operation: {type_name(left)} {symbol} {type_name(right)}")


def _ordered(  # type: ignore[explicit-any]  # the operator module is untyped here
    symbol: str, compare: Callable[..., bool], left: object, right: object
) -> bool:
    kind = type(left)
    if kind is type(right) and (kind is int or kind is float):
        return compare(left, right)
    pair = _comparable_pair(left, right)
    if pair is None:
        raise _invalid(symbol, left, right)
    return compare(*pair)


def _comparable_pair(left: object, right: object) -> tuple[object, object] | None:
    """Return two values of Python whose order is that of the operands, if these have one."""
    if isinstance(left, str) and isinstance(right, str):
        is_plain = left.isascii() and right.isascii()
        return (left, right) if is_plain else (raw_bytes(left), raw_bytes(right))
    if is_number(left) and is_number(right):
        is_whole = not isinstance(left, float) and not isinstance(right, float)
        return (left, right) if is_whole else (as_float(left), as_float(right))
    if isinstance(left, Time) and isinstance(right, Time):
        return left.compare(right), 0
    if isinstance(left, Duration) and isinstance(right, Duration):
        return left.ns, right.ns
    return None


def _ordering(symbol: str, compare: Callable[..., bool]) -> Operation:  # type: ignore[explicit-any]  # the operator module is untyped here
    def apply(left: object, right: object, _meter: Meter) -> object:
        return _ordered(symbol, compare, left, right)

    return apply


def _subtract(left: object, right: object, _meter: Meter) -> object:
    if isinstance(left, Time) and isinstance(right, Time):
        return left.since(right)
    if isinstance(left, Time) and isinstance(right, Duration):
        return left.add(Duration.wrapping(-right.ns))
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration.wrapping(left.ns - right.ns)
    return _arithmetic("-", operator.sub, left, right)


def _multiply(left: object, right: object, _meter: Meter) -> object:
    if not isinstance(left, Duration) and not isinstance(right, Duration):
        return _arithmetic("*", operator.mul, left, right)
    factors = [it.ns if isinstance(it, Duration) else it for it in (left, right)]
    if not all(map(is_number, factors)):
        raise _invalid("*", left, right)
    product = _arithmetic("*", operator.mul, *factors)
    return Duration(product) if isinstance(product, int) else product


def _arithmetic(  # type: ignore[explicit-any]  # the operator module is untyped here
    symbol: str, compute: Callable[..., int | float], left: object, right: object
) -> object:
    kind = type(left)
    if kind is type(right) and (kind is int or kind is float):
        result = compute(left, right)
        return wrap(result) if kind is int else result  # type: ignore[arg-type]  # of two ints
    if not is_number(left) or not is_number(right):
        raise _invalid(symbol, left, right)
    if isinstance(left, float) or isinstance(right, float):
        return compute(as_float(left), as_float(right))
    return wrap(int(compute(as_int(left), as_int(right))))


def _divide(left: object, right: object, _meter: Meter) -> object:
    if not is_number(left) or not is_number(right):
        raise _invalid("/", left, right)
    return quotient(as_float(left), as_float(right))


def quotient(left: float, right: float) -> float:
    """Return ``left / right`` where dividing by zero gives an infinity or no number."""
    if right:
        return left / right
    if not left or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, math.copysign(1, left) * math.copysign(1, right))


def _modulo(left: object, right: object, _meter: Meter) -> object:
    if not is_int(left) or not is_int(right):
        raise _invalid("%", left, right)
    return remainder(as_int(left), as_int(right))


def remainder(dividend: int, divisor: int) -> int:
    """Return the rest of a division, with the sign of the dividend.

    Raises:
        OperandError: The divisor is zero.
    """
    if divisor == 0:
        raise OperandError("integer divide by zero")
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def _power(left: object, right: object, _meter: Meter) -> object:
    return power(as_float(left), as_float(right))


def _range(left: object, right: object, meter: Meter) -> object:
    start, stop = as_int(left), as_int(right)
    size = max(0, wrap(stop - start + 1))
    if size >= MEMORY_BUDGET:
        raise OperandError("memory budget exceeded")
    meter.allocate(size)
    return TypedArray(range(start, start + size), "int")


def _text_test(test: _TextTest) -> Operation:
    def apply(left: object, right: object, meter: Meter) -> object:
        if is_nil(left) or is_nil(right):
            return False
        text, part = as_text(left), as_text(right)
        meter.spend_text(len(text))
        if text.isascii() and part.isascii():
            return test(text, part)
        return test(raw_bytes(text), raw_bytes(part))

    return apply


def _has_part(text: Text, part: Text, /) -> bool:
    return part in text


def _has_start(text: Text, part: Text, /) -> bool:
    return text.startswith(part)


def _has_end(text: Text, part: Text, /) -> bool:
    return text.endswith(part)


OPERATIONS: dict[str, Operation] = {
    "==": equals,
    "!=": lambda left, right, meter: not equals(left, right, meter),
    "<": _ordering("<", operator.lt),
    ">": _ordering(">", operator.gt),
    "<=": _ordering("<=", operator.le),
    ">=": _ordering(">=", operator.ge),
    "+": add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "**": _power,
    "^": _power,
    "..": _range,
    "in": lambda left, right, meter: contains(right, left, meter),
    "matches": matches,
    "contains": _text_test(_has_part),
    "startsWith": _text_test(_has_start),
    "endsWith": _text_test(_has_end),
}
"""What each operator does that evaluates both of its sides."""

"""What the operators of the language do to two values.

Source: https://github.com/expr-lang/expr ``vm/runtime``.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from common.errors import InvalidError
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import (
    Duration,
    Record,
    as_int,
    as_text,
    equals,
    is_array,
    is_int,
    is_number,
    type_name,
    wrap_int,
)
from promotions.engine.regexes import compile_regex

LARGEST_COLLECTION = 1_000_000
LONGEST_TEXT = 8_000_000


def apply_binary(symbol: str, left: object, right: object) -> object:
    """Return the result of an operator other than the short-circuiting ones.

    Raises:
        OperandError: The operands do not go with the operator, or the result is too large.
    """
    return _BINARY[symbol](left, right)


def apply_unary(symbol: str, value: object) -> object:
    """Return ``value`` negated, or as it is for ``+``.

    Raises:
        OperandError: The value does not go with the operator.
    """
    if symbol in ("not", "!"):
        if isinstance(value, bool):
            return not value
        raise OperandError(f"interface conversion: interface {{}} is {type_name(value)}, not bool")
    if isinstance(value, Duration) and symbol == "-":
        return Duration(-value.ns)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OperandError(f"invalid operation: {symbol}{type_name(value)}")
    if symbol == "+":
        return value
    return wrap_int(-value) if isinstance(value, int) else -value


def is_less(left: object, right: object) -> bool:
    """Return whether ``left`` comes before ``right``.

    Raises:
        OperandError: The two have no order.
    """
    return _ordered("<", operator.lt, left, right)


def matches(text: object, pattern: object) -> bool:
    """Return whether the regular expression is found anywhere; nil on either side is false.

    Raises:
        OperandError: A side is no string, or the expression is malformed.
    """
    if text is None or pattern is None:
        return False
    subject = text.decode(errors="replace") if isinstance(text, bytes) else as_text(text)
    try:
        return compile_regex(as_text(pattern)).search(_utf8(subject)) is not None
    except InvalidError as error:
        raise OperandError(error.message) from error


def contains(collection: object, value: object) -> bool:
    """Return whether ``value in collection`` holds.

    Raises:
        OperandError: The collection is none, or its keys are of another type.
    """
    if collection is None:
        return False
    if is_array(collection):
        return any(equals(item, value) for item in collection)  # type: ignore[attr-defined]  # is_array
    if isinstance(collection, Record):
        return as_text(value) in collection.fields
    if isinstance(collection, Mapping):
        if value is None:
            return False
        return value in collection if _is_key(collection, value) else _bad_key(value)
    raise OperandError(f'operator "in" not defined on {type_name(collection)}')


def _is_key(collection: Mapping[object, object], value: object) -> bool:
    if not isinstance(value, (str, int, float)):
        return False
    return isinstance(value, str) or type_name(collection).startswith("map[interface")


def _bad_key(value: object) -> bool:
    raise OperandError(f"value of type {type_name(value)} is not assignable to type string")


def _invalid(symbol: str, left: object, right: object) -> OperandError:
    return OperandError(f"invalid operation: {type_name(left)} {symbol} {type_name(right)}")


def _ordered(  # type: ignore[explicit-any]  # the operator module is untyped here
    symbol: str, compare: Callable[..., bool], left: object, right: object
) -> bool:
    if is_number(left) and is_number(right):
        return compare(left, right)
    if isinstance(left, str) and isinstance(right, str):
        return compare(_raw(left), _raw(right))
    for kind in (datetime, Duration):
        if isinstance(left, kind) and isinstance(right, kind):
            return compare(left, right)
    raise _invalid(symbol, left, right)


def _ordering(symbol: str, compare: Callable[..., bool]) -> Callable[[object, object], object]:  # type: ignore[explicit-any]  # the operator module is untyped here
    def apply(left: object, right: object) -> object:
        return _ordered(symbol, compare, left, right)

    return apply


def _add(left: object, right: object) -> object:
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > LONGEST_TEXT:
            raise OperandError("memory budget exceeded")
        return left + right
    if isinstance(left, datetime) and isinstance(right, Duration):
        return left + _delta(right)
    if isinstance(left, Duration) and isinstance(right, datetime):
        return right + _delta(left)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(left.ns + right.ns)
    return _arithmetic("+", operator.add, left, right)


def _subtract(left: object, right: object) -> object:
    if isinstance(left, datetime) and isinstance(right, datetime):
        return Duration((left - right) // timedelta(microseconds=1) * 1000)
    if isinstance(left, datetime) and isinstance(right, Duration):
        return left - _delta(right)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(left.ns - right.ns)
    return _arithmetic("-", operator.sub, left, right)


def _multiply(left: object, right: object) -> object:
    if isinstance(left, Duration) and is_number(right):
        return Duration(int(left.ns * right))  # type: ignore[operator]  # is_number
    if isinstance(right, Duration) and is_number(left):
        return Duration(int(right.ns * left))  # type: ignore[operator]  # is_number
    return _arithmetic("*", operator.mul, left, right)


def _arithmetic(  # type: ignore[explicit-any]  # the operator module is untyped here
    symbol: str, compute: Callable[..., int | float], left: object, right: object
) -> object:
    if not is_number(left) or not is_number(right):
        raise _invalid(symbol, left, right)
    result = compute(left, right)
    return wrap_int(result) if isinstance(result, int) else result


def _divide(left: object, right: object) -> object:
    if isinstance(left, Duration) and isinstance(right, (int, float, Duration)):
        divisor = right.ns if isinstance(right, Duration) else right
        return _quotient(float(left.ns), float(divisor))
    if not is_number(left) or not is_number(right):
        raise _invalid("/", left, right)
    return _quotient(float(left), float(right))  # type: ignore[arg-type]  # is_number


def _quotient(left: float, right: float) -> float:
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, math.copysign(1, left) * math.copysign(1, right))


def _modulo(left: object, right: object) -> object:
    if not is_int(left) or not is_int(right):
        raise _invalid("%", left, right)
    dividend, divisor = as_int(left), as_int(right)
    if divisor == 0:
        raise OperandError("integer divide by zero")
    rest = abs(dividend) % abs(divisor)
    return -rest if dividend < 0 else rest


def _power(left: object, right: object) -> object:
    if not is_number(left) or not is_number(right):
        raise _invalid("**", left, right)
    base, exponent = float(left), float(right)  # type: ignore[arg-type]  # is_number
    try:
        return math.pow(base, exponent)
    except OverflowError:
        odd = exponent % 2 == 1
        return -math.inf if base < 0 and odd else math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def _range(left: object, right: object) -> object:
    if not is_number(left) or not is_number(right):
        raise _invalid("..", left, right)
    start, stop = as_int(left), as_int(right)
    if stop - start + 1 > LARGEST_COLLECTION:
        raise OperandError("memory budget exceeded")
    return list(range(start, stop + 1))


def _text_test(test: Callable[[str, str], bool]) -> Callable[[object, object], object]:
    def apply(left: object, right: object) -> object:
        if left is None or right is None:
            return False
        return test(as_text(left), as_text(right))

    return apply


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _utf8(text: str) -> str:
    return _raw(text).decode(errors="replace")


def _delta(duration: Duration) -> timedelta:
    return timedelta(microseconds=duration.ns // 1000)


_BINARY: dict[str, Callable[[object, object], object]] = {
    "==": equals,
    "!=": lambda left, right: not equals(left, right),
    "<": _ordering("<", operator.lt),
    ">": _ordering(">", operator.gt),
    "<=": _ordering("<=", operator.le),
    ">=": _ordering(">=", operator.ge),
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "**": _power,
    "^": _power,
    "..": _range,
    "in": lambda left, right: contains(right, left),
    "matches": matches,
    "contains": _text_test(lambda left, right: right in left),
    "startsWith": _text_test(str.startswith),
    "endsWith": _text_test(str.endswith),
}

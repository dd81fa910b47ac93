"""The functions that conditions have besides those of the language.

Source: Argo Rollouts ``utils/evaluate``.
"""

import math
import re
from collections.abc import Callable, Sequence

from promotions.engine.expressions.builtins.conversions import parse_float
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import (
    LARGEST_INT,
    Function,
    NamedInt,
    float_to_int,
    format_value,
    type_name,
)
from promotions.engine.goquote import go_quote

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_.]+[pP][+-]?[0-9]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
    re.ASCII,
)
_LONGEST_INTEGER = 4096


def as_int(value: object) -> int:
    """Return a number without its fraction, or the integer that a string states.

    Raises:
        OperandError: It is neither, or does not fit 64 bits.
    """
    if isinstance(value, str):
        return _parsed_int(value)
    if isinstance(value, float):
        return float_to_int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    raise _unsupported("asInt", value)


def as_float(value: object) -> float:
    """Return a number as a float, or the one that a string states.

    Raises:
        OperandError: It is neither.
    """
    if isinstance(value, str):
        return _parsed_float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    raise _unsupported("asFloat", value)


def is_nil(value: object) -> bool:
    """Return whether a result is nothing at all; an empty list or string is something."""
    return value is None


def is_nil_or_empty(value: object) -> bool:
    """Return whether a result is nothing at all or an empty list; an empty string is neither."""
    return value is None or (isinstance(value, (list, tuple)) and not value)


def default_of(result: object, default: object) -> object:
    """Return the whole result, or ``default`` if it is nothing at all."""
    return default if is_nil(result) else result


def float_functions() -> dict[str, Function]:
    """Return what any expression of an analysis may ask of a float."""
    return {
        "isNaN": _float_test("isNaN", math.isnan),
        "isInf": _float_test("isInf", math.isinf),
    }


def condition_functions(result: object) -> dict[str, Function]:
    """Return the functions of a condition on ``result``.

    ``isNil`` and ``default`` look at the whole result, whatever they are given.
    """
    return {
        **float_functions(),
        "asInt": Function("asInt", _as_int64, 1, 1, ("any",), "int64"),
        "asFloat": Function("asFloat", lambda it: as_float(it[0]), 1, 1, ("any",), "float64"),
        "isNil": Function("isNil", lambda _: is_nil(result), 1, 1, ("any",), "bool"),
        "default": Function("default", lambda it: default_of(result, it[1]), 2, 2),
    }


def _float_test(name: str, test: Callable[[float], bool]) -> Function:
    def call(arguments: Sequence[object]) -> object:
        (value,) = arguments
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            kind = type_name(value)
            raise OperandError(f"cannot use {kind} as argument (type float64) to call {name}")
        return test(value)

    return Function(name, call, 1, 1, ("any",), "bool")


def _as_int64(arguments: Sequence[object]) -> object:
    return NamedInt(as_int(arguments[0]), "int64")


def _parsed_int(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise _unparsable("ParseInt", text, "invalid syntax")
    number = int(text) if len(text) <= _LONGEST_INTEGER else LARGEST_INT + 1
    if not -LARGEST_INT - 1 <= number <= LARGEST_INT:
        raise _unparsable("ParseInt", text, "value out of range")
    return number


def _parsed_float(text: str) -> float:
    number = parse_float(text)
    if number is None:
        is_too_large = _FLOAT.fullmatch(text) is not None
        reason = "value out of range" if is_too_large else "invalid syntax"
        raise _unparsable("ParseFloat", text, reason)
    return number


def _unparsable(function: str, text: str, reason: str) -> OperandError:
    return OperandError(f"strconv.{function}: parsing {go_quote(text)}: {reason}")


def _unsupported(function: str, value: object) -> OperandError:
    shown = format_value(value)
    return OperandError(f"{function}() not supported on {type_name(value)} {shown}")

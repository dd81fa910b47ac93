"""Calls functions of the environment and methods.

Source: https://github.com/expr-lang/expr ``vm`` OpCall.
"""

from collections.abc import Sequence

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import Function, format_value, type_name


def call_function(function: object, arguments: Sequence[object]) -> object:
    """Return what a function gives for the arguments.

    Raises:
        OperandError: It is none, or it does not take the arguments.
        PlatformError: It failed.
    """
    if not isinstance(function, Function):
        raise OperandError(f"invalid operation: cannot call {type_name(function)}")
    _check_arguments(function, arguments)
    return function.call(arguments)


def _check_arguments(function: Function, arguments: Sequence[object]) -> None:
    if len(arguments) < function.least:
        raise OperandError(f"not enough arguments to call {function.name}")
    if function.most is not None and len(arguments) > function.most:
        raise OperandError(f"too many arguments to call {function.name}")
    for expected, argument in zip(function.parameters, arguments, strict=False):
        if expected not in ("any", type_name(argument)):
            shown = format_value(argument)
            raise OperandError(f"cannot use {shown} as {expected} argument to {function.name}")

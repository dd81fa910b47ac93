"""What the compiler may know of an environment: the types of the values it holds.

Source: https://github.com/expr-lang/expr ``conf`` Env.
"""

from collections.abc import Mapping

from promotions.engine.expressions.natures import (
    ANY,
    NIL,
    Kind,
    Nature,
    Signature,
    function_of,
    nature_named,
)
from promotions.engine.expressions.values import Function, PairArray, type_name


def natures_of(environment: Mapping[str, object]) -> dict[str, Nature]:
    """Return the nature of every variable; what is inside of arrays and maps is not known."""
    return {name: nature_of(value) for name, value in environment.items()}


def nature_of(value: object) -> Nature:
    """Return what the Go type of a value says."""
    if value is None:
        return NIL
    if isinstance(value, Function):
        return _function(value)
    if isinstance(value, PairArray):
        return Nature(type_name(value), Kind.ARRAY, element=ANY)
    return nature_named(type_name(value))


def _function(function: Function) -> Nature:
    """Return the nature of a function; one with a choice of arguments is variadic."""
    named = [_parameter(name) for name in function.parameters]
    parameters = named + [ANY] * (max(function.least, function.most or 0) - len(named))
    variadic = function.most != function.least
    if variadic:
        parameters = [*parameters[: function.least], *(parameters[function.least :][:1] or [ANY])]
    signature = Signature(tuple(parameters), (_parameter(function.result),), variadic=variadic)
    return function_of(f"func {function.name}", signature)


def _parameter(name: str) -> Nature:
    return ANY if name == "any" else nature_named(name)

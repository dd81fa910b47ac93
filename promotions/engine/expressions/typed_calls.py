"""Which methods are called without a look at their arguments, as the checker knows their types.

The reference has a direct call for the commonest types of functions; an argument that turns out to
be of another type is an error there, nil included. In all other calls nil is the zero value of the
parameter's type.

Source: https://github.com/expr-lang/expr ``vm/func_types``; ``compiler`` CallNode.
"""

from collections.abc import Sequence

from promotions.engine.expressions.nodes import Node
from promotions.engine.expressions.times import DURATION, TIME
from promotions.engine.expressions.values import conversion_error, type_name

_DIRECT = frozenset(
    {
        ((DURATION,), DURATION),
        ((DURATION,), TIME),
        ((TIME,), DURATION),
        ((TIME,), "bool"),
        (("string",), "string"),
    }
)


def direct_parameters(callee: Node) -> tuple[str, ...]:
    """Return the types that the arguments must have; none if they are looked at when called."""
    signature = callee.nature.signature
    if signature is None or signature.built_in or len(signature.results) != 1:
        return ()
    parameters = tuple(parameter.name for parameter in signature.parameters)
    return parameters if (parameters, signature.results[0].name) in _DIRECT else ()


def check_arguments(parameters: Sequence[str], arguments: Sequence[object]) -> None:
    """Say which argument is not of its parameter's type.

    Raises:
        OperandError: One is not.
    """
    for parameter, argument in zip(parameters, arguments, strict=True):
        if type_name(argument) != parameter:
            raise conversion_error(argument, parameter)

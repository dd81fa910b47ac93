"""Compares two integers or two texts where the checker found that both sides are that.

What turns out to be something else, such as the nil of ``findIndex``, is an error there.

Source: https://github.com/expr-lang/expr ``compiler`` equalBinaryNode.
"""

from promotions.engine.expressions import nodes
from promotions.engine.expressions.operators import Operation
from promotions.engine.expressions.values import conversion_error


def typed_operation(node: nodes.Binary) -> Operation | None:
    """Return how two integers or two texts are compared, if that is what both sides must be."""
    names = {node.left.nature.name, node.right.nature.name}
    if node.operator not in ("==", "!=") or names not in ({"int"}, {"string"}):
        return None
    kind, wanted = (int, "int") if names == {"int"} else (str, "string")
    equal = node.operator == "=="

    def compare(left: object, right: object, _meter: object) -> object:
        for side in (left, right):
            if type(side) is not kind:
                raise conversion_error(side, wanted)
        return (left == right) is equal

    return compare

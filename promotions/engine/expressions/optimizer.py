"""Simplifies a checked expression as the reference does, because some of it shows in results.

Constants are folded, so that ``1 % 0`` is an error before anything is evaluated; ``x or true`` is
true whatever x is; ``sum([a, b])`` is ``a + b``; and ``count(x, p) > 0`` stops at the first match.

Source: https://github.com/expr-lang/expr ``optimizer``.
"""

from collections.abc import Callable

from promotions.engine.expressions import nodes
from promotions.engine.expressions.equality import KeySet
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.gotime.int64 import wrap
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import ARRAY, BOOL, INT, Kind, Nature
from promotions.engine.expressions.nodes import Node
from promotions.engine.expressions.operators import OPERATIONS, negated
from promotions.engine.expressions.typed_environment import nature_of

_ARITHMETIC = frozenset({"+", "-", "*", "/", "**", "^"})
_AND = frozenset({"and", "&&"})
_OR = frozenset({"or", "||"})
_LOGIC = _AND | _OR
_COMBINABLE = {
    **{("all", symbol): symbol for symbol in _AND},
    **{("any", symbol): symbol for symbol in _OR},
    ("none", "and"): "or",
    ("none", "&&"): "||",
}
_THRESHOLDS = {">": 1, ">=": 0, "<": 0, "<=": 1}
_SELECTING_ARGUMENTS = 2


def optimize(root: Node, text: str) -> Node:
    """Return the simplified expression; the one that is given may be changed.

    Raises:
        ExpressionError: An operation on constants fails.
    """
    is_plain = True
    for node in nodes.walk(root):
        is_membership = isinstance(node, nodes.Binary) and node.operator == "in"
        if is_membership:
            _look_up_in_constants(node)  # type: ignore[arg-type]  # is_membership
        is_plain = is_plain and not is_membership and not isinstance(node, nodes.Builtin)
    root = nodes.rewrite(root, lambda node: _folded(node, text) or node)
    return root if is_plain else nodes.rewrite(root, _ruled)


def _ruled(node: Node) -> Node:
    for rule in _RULES.get(type(node), ()):
        node = rule(node)
    return node


def _folded(node: Node, text: str) -> Node | None:
    """Return the constant or simpler node that a node comes to, or ``None``."""
    if isinstance(node, nodes.Binary):
        return _fold_binary(node, text)
    if isinstance(node, nodes.Unary):
        return _fold_unary(node)
    if isinstance(node, nodes.ArrayLiteral):
        return _fold_array(node)
    return _fold_filters(node) if isinstance(node, nodes.Builtin) else None


def _fold_binary(node: nodes.Binary, text: str) -> Node | None:
    if node.operator in _LOGIC:
        return _fold_logic(node)
    left = _literal(node.left)
    right = None if left is None else _literal(node.right)
    if left is None or right is None or not _is_foldable(node.operator, left, right):
        return None
    try:
        return _constant(OPERATIONS[node.operator](left, right, Meter()), node)
    except OperandError as error:
        raise ExpressionError.at(node.offset, text, str(error)) from error


def _literal(node: Node) -> bool | int | float | str | None:
    """Return the value of a literal boolean, number or text."""
    value = node.value if isinstance(node, nodes.Constant) else None
    return value if isinstance(value, (bool, int, float, str)) else None


def _constant(value: object, node: Node) -> nodes.Constant:
    return nodes.Constant(value, offset=node.offset, nature=nature_of(value))


def _is_foldable(operator: str, left: object, right: object) -> bool:
    kinds = {type(left), type(right)}
    if operator == "+" and kinds == {str}:
        return True
    if operator in _ARITHMETIC:
        return kinds <= {int, float}
    if operator == "%":
        return kinds == {int}
    return operator == "==" and len(kinds) == 1 and kinds != {float}


def _fold_unary(node: nodes.Unary) -> Node | None:
    value = _literal(node.operand)
    if isinstance(value, bool):
        return _constant(not value, node) if node.operator in ("not", "!") else None
    if not isinstance(value, (int, float)) or node.operator not in ("+", "-"):
        return None
    return _constant(negated(value) if node.operator == "-" else value, node)


def _fold_logic(node: nodes.Binary) -> Node | None:
    """Drop a literal side of and/or, or the other side if the literal decides."""
    decisive = node.operator in _OR
    left, right = _literal(node.left), _literal(node.right)
    if left is (not decisive):
        return _with_nature(node.right, node.nature)
    if right is (not decisive):
        return _with_nature(node.left, node.nature)
    return _constant(decisive, node) if left is decisive or right is decisive else None


def _with_nature(node: Node, nature: Nature) -> Node:
    node.nature = nature
    return node


def _fold_array(node: nodes.ArrayLiteral) -> Node | None:
    values = [_literal(item) for item in node.items]
    if not values or None in values:
        return None
    return nodes.Constant(values, offset=node.offset, nature=ARRAY)


def _fold_filters(node: nodes.Builtin) -> Node | None:
    """Make ``filter(filter(x, p), q)`` one ``filter(x, p && q)``, which may fold further."""
    inner = _builtin(node, "filter", _SELECTING_ARGUMENTS) and _selected_from(node)
    if inner is None or not isinstance(inner, nodes.Builtin):
        return None
    body = _combined("&&", inner, node)
    predicate = nodes.Predicate(_fold_logic(body) or body, offset=node.offset)
    return _replaced(node, "filter", [inner.arguments[0], predicate])


def _builtin(node: Node, name: str, arguments: int) -> nodes.Builtin | None:
    """Return a call of the function with so many arguments."""
    is_it = isinstance(node, nodes.Builtin) and node.name == name
    return node if is_it and len(node.arguments) == arguments else None  # type: ignore[union-attr, return-value]  # is_it


def _selected_from(node: nodes.Builtin) -> nodes.Builtin | None:
    """Return the ``filter`` that is the first argument of a call."""
    return _builtin(node.arguments[0], "filter", _SELECTING_ARGUMENTS)


def _body(node: nodes.Builtin) -> Node:
    predicate = node.arguments[1]
    return predicate.body if isinstance(predicate, nodes.Predicate) else predicate


def _combined(symbol: str, left: nodes.Builtin, right: nodes.Builtin) -> nodes.Binary:
    """Return the body for a predicate that stands for the two calls' predicates."""
    return nodes.Binary(symbol, _body(left), _body(right), offset=right.offset)


def _replaced(node: Node, name: str, arguments: list[Node]) -> nodes.Builtin:
    return nodes.Builtin(name, arguments, offset=node.offset, nature=node.nature)


def _look_up_in_constants(node: nodes.Binary) -> None:
    """Look up ``x in ["a", "b"]`` in a set, which is particular about the type of x."""
    items = node.right.items if isinstance(node.right, nodes.ArrayLiteral) else []
    values = [_literal(item) for item in items]
    kinds = set(map(type, values))
    if kinds == {str}:
        zero: int | str = ""
    elif kinds == {int} and node.left.nature.kind is Kind.INT:
        zero = 0
    else:
        return
    node.right = nodes.Constant(KeySet(frozenset(values), zero), offset=node.right.offset)


def _in_range(node: Node) -> Node:
    """Make ``x in 1..9`` a comparison, if x is known to be an integer."""
    if not isinstance(node, nodes.Binary) or node.operator != "in":
        return node
    bounds = _constant_range(node.right)
    if bounds is None or node.left.nature.kind is not Kind.INT:
        return node
    limits = [nodes.Constant(bound, offset=node.offset, nature=INT) for bound in bounds]
    least, most = (
        nodes.Binary(symbol, node.left, limit, offset=node.offset, nature=BOOL)
        for symbol, limit in zip((">=", "<="), limits, strict=True)
    )
    return nodes.Binary("and", least, most, offset=node.offset, nature=node.nature)


def _constant_range(node: Node) -> tuple[int, int] | None:
    if not isinstance(node, nodes.Binary) or node.operator != "..":
        return None
    start, stop = _literal(node.left), _literal(node.right)
    return (start, stop) if type(start) is int and type(stop) is int else None


def _mapped_filter(node: Node) -> Node:
    """Make ``map(filter(x, p), f)`` one pass, unless f asks for the index."""
    mapping = _builtin(node, "map", _SELECTING_ARGUMENTS)
    inner = mapping and _selected_from(mapping)
    if mapping is None or inner is None or inner.transform is not None:
        return node
    body = _body(mapping)
    if any(isinstance(it, nodes.Pointer) and it.name == "index" for it in nodes.walk(body)):
        return node
    found = _replaced(node, "filter", inner.arguments)
    found.transform = body
    return found


def _filter_length(node: Node) -> Node:
    length = _builtin(node, "len", 1)
    inner = length and _selected_from(length)
    return _replaced(node, "count", inner.arguments) if inner else node


def _filter_end(name: str, finder: str, index: int) -> Callable[[Node], Node]:
    """Return the rule for ``first(filter(x, p))`` and ``filter(x, p)[0]``, or the last."""

    def rule(node: Node) -> Node:
        call = _builtin(node, name, 1)
        inner = call and _selected_from(call)
        throws = isinstance(node, nodes.Member)
        if isinstance(node, nodes.Member) and not node.optional:
            key = _literal(node.key)
            is_end = type(key) is int and key == index
            inner = _builtin(node.target, "filter", _SELECTING_ARGUMENTS) if is_end else None
        if inner is None:
            return node
        found = _replaced(node, finder, inner.arguments)
        found.transform, found.throws = inner.transform, throws
        return found

    return rule


def _joined_predicates(node: Node) -> Node:
    """Make ``all(x, p) and all(x, q)`` one ``all(x, p and q)``, and so on."""
    if not isinstance(node, nodes.Binary):
        return node
    left, right = node.left, node.right
    if not isinstance(left, nodes.Builtin) or not isinstance(right, nodes.Builtin):
        return node
    symbol = _COMBINABLE.get((left.name, node.operator))
    if symbol is None or left.name != right.name:
        return node
    if not _are_same(left.arguments[0], right.arguments[0]):
        return node
    body = _joined_predicates(_combined(symbol, left, right))
    predicate = nodes.Predicate(body, offset=right.offset)
    return _replaced(node, left.name, [left.arguments[0], predicate])


def _are_same(left: Node, right: Node) -> bool:
    return left.nature.name == right.nature.name and left == right


def _sum_range(node: Node) -> Node:
    """Compute the sum of a constant range, such as ``sum(1..10, # * 2)``."""
    if not isinstance(node, nodes.Builtin) or node.name not in ("sum", "reduce"):
        return node
    bounds = _constant_range(node.arguments[0])
    if bounds is None or bounds[1] < bounds[0]:
        return node
    count = wrap(bounds[1] - bounds[0] + 1)
    product = wrap(count * wrap(bounds[0] + bounds[1]))
    total = abs(product) // 2 * (-1 if product < 0 else 1)
    result = (_range_sum if node.name == "sum" else _range_reduction)(node, total, count)
    return node if result is None else _constant(wrap(result), node)


def _range_sum(node: nodes.Builtin, total: int, count: int) -> int | None:
    if len(node.arguments) == 1:
        return total
    body = _body(node)
    if _is_pointer(body):
        return total
    if not isinstance(body, nodes.Binary):
        return None
    left, right = _literal(body.left), _literal(body.right)
    results: dict[str, int] = {}
    if _is_pointer(body.left) and type(right) is int:
        results = {"*": right * total, "+": total + count * right, "-": total - count * right}
    if _is_pointer(body.right) and type(left) is int:
        results = {"*": left * total, "+": total + count * left, "-": count * left - total}
    return results.get(body.operator)


def _range_reduction(node: nodes.Builtin, total: int, _count: int) -> int | None:
    body = _body(node)
    if not isinstance(body, nodes.Binary) or body.operator != "+":
        return None
    sides = {it.name for it in (body.left, body.right) if isinstance(it, nodes.Pointer)}
    if sides != {"", "acc"}:
        return None
    start = _literal(node.arguments[2]) if len(node.arguments) > _SELECTING_ARGUMENTS else 0
    return total + start if type(start) is int else None


def _is_pointer(node: Node) -> bool:
    return isinstance(node, nodes.Pointer) and not node.name


def _sum_array(node: Node) -> Node:
    """Make ``sum([a, b, c])`` the sum ``a + (b + c)``."""
    call = _builtin(node, "sum", 1)
    items = call.arguments[0].items if call and _is_array(call.arguments[0]) else []  # type: ignore[union-attr]  # _is_array
    if len(items) <= 1:
        return node
    total = items[-1]
    for item in reversed(items[:-1]):
        total = nodes.Binary("+", item, total, offset=node.offset)
    return _with_nature(total, node.nature)


def _is_array(node: Node) -> bool:
    return isinstance(node, nodes.ArrayLiteral)


def _sum_map(node: Node) -> Node:
    call = _builtin(node, "sum", 1)
    mapping = call and _builtin(call.arguments[0], "map", _SELECTING_ARGUMENTS)
    return _replaced(node, "sum", mapping.arguments) if mapping else node


def _count_any(node: Node) -> Node:
    """Let a count stop where its comparison with a constant is decided."""
    if not isinstance(node, nodes.Binary):
        return node
    count = _builtin(node.left, "count", _SELECTING_ARGUMENTS)
    limit = _literal(node.right)
    extra = _THRESHOLDS.get(node.operator)
    if count is None or type(limit) is not int or extra is None:
        return node
    threshold = limit + extra
    if threshold == 1 and node.operator in (">", ">="):
        return _replaced(node, "any", count.arguments)
    if limit >= 0 and threshold > 1:
        count.threshold = threshold
    return node


_RULES: dict[type, tuple[Callable[[Node], Node], ...]] = {
    nodes.Member: (_filter_end("", "findLast", -1), _filter_end("", "find", 0)),
    nodes.Binary: (_in_range, _joined_predicates, _count_any),
    nodes.Builtin: (
        *(_mapped_filter, _filter_length),
        *(_filter_end("last", "findLast", -1), _filter_end("first", "find", 0)),
        *(_sum_range, _sum_array, _sum_map),
    ),
}
"""What can be made of nodes by type, in the order of the reference's passes."""

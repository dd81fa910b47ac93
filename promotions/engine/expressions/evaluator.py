"""Computes the value of a parsed expression, within a budget of steps and depth.

Source: https://github.com/expr-lang/expr ``vm``.
"""

from collections.abc import Callable, Mapping, Sequence as SequenceABC

from promotions.engine.expressions.access import cut, fetch
from promotions.engine.expressions.builtins.predicates import PREDICATES, Element
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.nodes import (
    ArrayLiteral,
    Binary,
    Builtin,
    Call,
    Chain,
    Conditional,
    Constant,
    Identifier,
    Let,
    MapLiteral,
    Member,
    Nil,
    Node,
    Pointer,
    Predicate,
    Sequence,
    Slice,
    Unary,
)
from promotions.engine.expressions.operators import (
    LARGEST_COLLECTION,
    apply_binary,
    apply_unary,
)
from promotions.engine.expressions.values import Function, as_bool, as_text, format_value, type_name

MOST_STEPS = 2_000_000
DEEPEST = 200

_ENVIRONMENT = "$env"
_TEXT_PER_ELEMENT = 16


class _Broken(Exception):  # noqa: N818  control flow, not an error
    """A nil was met before ``?.``; the enclosing chain becomes nil."""


class Evaluator:
    """Evaluates nodes of one text against one environment; used once."""

    def __init__(self, text: str, environment: Mapping[str, object]) -> None:
        self.text = text
        self.environment = environment
        self.variables: dict[str, object] = {}
        self.elements: list[Element] = []
        self.steps = 0
        self.depth = 0
        self.allocated = 0
        self._by_type: dict[type, Callable[..., object]] = {  # type: ignore[explicit-any]  # one method per node type
            Nil: self._nil,
            Constant: self._constant,
            Identifier: self._identifier,
            Pointer: self._pointer,
            Unary: self._unary,
            Binary: self._binary,
            Conditional: self._conditional,
            Member: self._member,
            Chain: self._chain,
            Slice: self._slice,
            Call: self._call,
            Builtin: self._builtin,
            ArrayLiteral: self._array,
            MapLiteral: self._map,
            Let: self._let,
            Sequence: self._sequence,
        }

    def evaluate(self, node: Node) -> object:
        """Return the node's value.

        Raises:
            ExpressionError: It has none, or the budget is spent.
        """
        self.steps += 1
        self.depth += 1
        if self.steps > MOST_STEPS or self.depth > DEEPEST:
            raise self._error(node, "the expression takes too much work")
        try:
            return self._by_type[type(node)](node)
        except OperandError as error:
            raise self._error(node, str(error)) from error
        finally:
            self.depth -= 1

    def _error(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError.at(node.offset, self.text, message)

    def _constant(self, node: Constant) -> object:
        return node.value

    def _nil(self, _node: Nil) -> object:
        return None

    def _identifier(self, node: Identifier) -> object:
        if node.name == _ENVIRONMENT:
            return self.environment
        if node.name in self.variables:
            return self.variables[node.name]
        return self.environment.get(node.name)

    def _pointer(self, node: Pointer) -> object:
        element = self.elements[-1]
        if node.name == "index":
            return element.index
        return element.accumulated if node.name == "acc" else element.value

    def _unary(self, node: Unary) -> object:
        return apply_unary(node.operator, self.evaluate(node.operand))

    def _binary(self, node: Binary) -> object:
        if node.operator in ("and", "&&"):
            return self._logical(node, decisive=False)
        if node.operator in ("or", "||"):
            return self._logical(node, decisive=True)
        left = self.evaluate(node.left)
        if node.operator == "??":
            return self.evaluate(node.right) if left is None else left
        return self._bounded(apply_binary(node.operator, left, self.evaluate(node.right)))

    def _logical(self, node: Binary, *, decisive: bool) -> object:
        """Return ``decisive`` if the left side is it, else the right side unchecked, as Go does."""
        if isinstance(node.right, Constant) and isinstance(node.right.value, bool):
            return decisive if node.right.value is decisive else self.evaluate(node.left)
        left = self.evaluate(node.left)
        return decisive if as_bool(left) is decisive else self.evaluate(node.right)

    def _conditional(self, node: Conditional) -> object:
        chosen = node.positive if as_bool(self.evaluate(node.condition)) else node.negative
        return self.evaluate(chosen)

    def _member(self, node: Member) -> object:
        target = self.evaluate(node.target)
        if node.optional and target is None:
            raise _Broken
        return fetch(target, self.evaluate(node.key))

    def _chain(self, node: Chain) -> object:
        try:
            return self.evaluate(node.body)
        except _Broken:
            return None

    def _slice(self, node: Slice) -> object:
        target = self.evaluate(node.target)
        start = None if node.start is None else self.evaluate(node.start)
        stop = None if node.stop is None else self.evaluate(node.stop)
        return cut(target, start, stop)

    def _call(self, node: Call) -> object:
        callee = self.evaluate(node.callee)
        if not isinstance(callee, Function):
            raise OperandError(f"invalid operation: cannot call {type_name(callee)}")
        arguments = [self.evaluate(argument) for argument in node.arguments]
        check_arguments(callee, arguments)
        return self._bounded(callee.call(arguments))

    def _builtin(self, node: Builtin) -> object:
        if node.name in PREDICATES:
            return self._predicate_builtin(node)
        arguments = [self.evaluate(argument) for argument in node.arguments]
        return self._bounded(BUILTINS[node.name].call(arguments))

    def _predicate_builtin(self, node: Builtin) -> object:
        collection = self.evaluate(node.arguments[0])
        predicate = self._predicate(node.arguments[1]) if len(node.arguments) > 1 else None
        extra = [self.evaluate(argument) for argument in node.arguments[2:]]
        return self._bounded(PREDICATES[node.name](collection, predicate, extra))

    def _predicate(self, node: Node) -> Callable[[Element], object]:
        body = node.body if isinstance(node, Predicate) else node

        def evaluate_for(element: Element) -> object:
            self.elements.append(element)
            try:
                return self.evaluate(body)
            finally:
                self.elements.pop()

        return evaluate_for

    def _array(self, node: ArrayLiteral) -> object:
        return [self.evaluate(item) for item in node.items]

    def _map(self, node: MapLiteral) -> object:
        entries: dict[str, object] = {}
        for key, value in node.entries:
            # The first of equal keys wins: the reference fills the map from the last entry back.
            entries.setdefault(as_text(self.evaluate(key)), self.evaluate(value))
        return entries

    def _let(self, node: Let) -> object:
        before = dict(self.variables)
        self.variables[node.name] = self.evaluate(node.value)
        try:
            return self.evaluate(node.body)
        finally:
            self.variables = before

    def _sequence(self, node: Sequence) -> object:
        value: object = None
        for item in node.items:
            value = self.evaluate(item)
        return value

    def _bounded(self, value: object) -> object:
        """Return the value, having charged what was allocated for it."""
        if isinstance(value, (list, tuple)):
            self.allocated += len(value)
        elif isinstance(value, (str, bytes)):
            self.allocated += len(value) // _TEXT_PER_ELEMENT
        if self.allocated > LARGEST_COLLECTION:
            raise OperandError("memory budget exceeded")
        return value


def check_arguments(function: Function, arguments: SequenceABC[object]) -> None:
    """Raise unless the function can be called so.

    Raises:
        OperandError: There are too few or too many arguments, or one is of another type.
    """
    if len(arguments) < function.least:
        raise OperandError(f"not enough arguments to call {function.name}")
    if function.most is not None and len(arguments) > function.most:
        raise OperandError(f"too many arguments to call {function.name}")
    for expected, argument in zip(function.parameters, arguments, strict=False):
        if expected not in ("any", type_name(argument)):
            shown = format_value(argument)
            raise OperandError(f"cannot use {shown} as {expected} argument to {function.name}")

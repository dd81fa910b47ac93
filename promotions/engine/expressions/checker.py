"""Refuses expressions whose types cannot fit, before anything is evaluated.

It notes on every node what it found out. As in the reference, what stands inside of something of
which nothing is known, such as the arguments of an unknown function, is not looked at.

Source: https://github.com/expr-lang/expr ``checker``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from promotions.engine.expressions import nodes
from promotions.engine.expressions.builtins.declarations import Declaration
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.call_types import (
    is_passable,
    method_of,
    predicate_result,
)
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.machine import ENVIRONMENT
from promotions.engine.expressions.natures import (
    ANY,
    ARRAY,
    BOOL,
    BYTES,
    FLOAT,
    INT,
    MAP,
    NIL,
    STRING,
    UNKNOWN,
    Kind,
    Nature,
    Signature,
    array_of,
    function_of,
)
from promotions.engine.expressions.nodes import Node
from promotions.engine.expressions.operand_types import binary_result, unary_result
from promotions.engine.expressions.parser import PREDICATE_ARGUMENTS

DEEPEST = 200

_MOST_RESULTS = 2
_BOOLEAN_PREDICATES = frozenset(
    (
        *("all", "none", "any", "one", "filter", "count"),
        *("find", "findIndex", "findLast", "findLastIndex"),
    )
)
_POINTERS = {"map": {"index": INT}, "reduce": {"index": INT, "acc": UNKNOWN}}
_FUNCTION_TYPE = "func(...interface {}) (interface {}, error)"
_LITERALS: tuple[tuple[type, Nature], ...] = (
    (bool, BOOL),
    (int, INT),
    (float, FLOAT),
    (str, STRING),
    (bytes, BYTES),
)
_CUTTABLE = (Kind.STRING, Kind.SLICE, Kind.ARRAY)

Spine = TypeVar("Spine", nodes.Binary, nodes.Member)


def check(
    root: Node, text: str, variables: Mapping[str, Nature] | None = None, *, strict: bool = False
) -> None:
    """Raise if the expression could not be evaluated in any environment.

    Args:
        root: The expression, which is given its natures.
        text: Its text.
        variables: What is known of the environment's variables.
        strict: Whether there are no other variables.

    Raises:
        ExpressionError: Operands, arguments or predicates are of the wrong type, or a variable is
            declared twice or not known.
    """
    _Checker(text, variables or {}, strict=strict).nature(root)


class _Checker:
    def __init__(self, text: str, known: Mapping[str, Nature], *, strict: bool) -> None:
        self.text = text
        self.known = known
        self.strict = strict
        self.variables: dict[str, Nature] = {}
        self.predicates: list[tuple[Nature, Mapping[str, Nature]]] = []
        self.depth = 0
        self._by_type: dict[type, Callable[..., Nature]] = {  # type: ignore[explicit-any]  # one method per node type
            nodes.Nil: lambda _: NIL,
            nodes.Constant: self._constant,
            nodes.Identifier: self._identifier,
            nodes.Pointer: self._pointer,
            nodes.Unary: self._unary,
            nodes.Binary: self._binary,
            nodes.Conditional: self._conditional,
            nodes.Member: self._members,
            nodes.Chain: lambda node: self.nature(node.body),
            nodes.Slice: self._slice,
            nodes.Call: self._call,
            nodes.Builtin: self._builtin,
            nodes.Predicate: lambda node: self.nature(node.body),
            nodes.ArrayLiteral: self._array,
            nodes.MapLiteral: self._map,
            nodes.Let: self._let,
            nodes.Sequence: lambda node: self._all(node.items)[-1],
        }

    def nature(self, node: Node) -> Nature:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(node, "the expression is nested too deeply")
        node.nature = self._by_type[type(node)](node)
        self.depth -= 1
        return node.nature

    def _all(self, items: Sequence[Node]) -> list[Nature]:
        return [self.nature(item) for item in items]

    def _error(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError.at(node.offset, self.text, message)

    def _constant(self, node: nodes.Constant) -> Nature:
        return next(nature for kind, nature in _LITERALS if isinstance(node.value, kind))

    # Names.

    def _identifier(self, node: nodes.Identifier) -> Nature:
        if node.name in self.variables:
            return self.variables[node.name]
        if node.name == ENVIRONMENT:
            return UNKNOWN
        return self._named(node, node.name, strict=self.strict, builtins=True)

    def _named(self, node: Node, name: str, *, strict: bool, builtins: bool) -> Nature:
        if name in self.known:
            return self.known[name]
        if builtins and _is_builtin(name):
            return function_of(_FUNCTION_TYPE, Signature(built_in=name))
        if strict:
            raise self._error(node, f"unknown name {name}")
        return UNKNOWN

    def _pointer(self, node: nodes.Pointer) -> Nature:
        if not self.predicates:
            raise self._error(node, "cannot use pointer accessor outside predicate")
        collection, names = self.predicates[-1]
        if not node.name:
            return UNKNOWN if collection.is_unknown else collection.elements()
        if node.name not in names:
            raise self._error(node, f"unknown pointer #{node.name}")
        return names[node.name]

    def _let(self, node: nodes.Let) -> Nature:
        for kind, known in (("", self.known), ("variable ", self.variables)):
            if node.name in known:
                raise self._error(node, f"cannot redeclare {kind}{node.name}")
        if _is_builtin(node.name):
            raise self._error(node, f"cannot redeclare builtin {node.name}")
        self.variables[node.name] = self.nature(node.value)
        result = self.nature(node.body)
        del self.variables[node.name]
        return result

    # Operators.

    def _unary(self, node: nodes.Unary) -> Nature:
        operand = self.nature(node.operand)
        result = unary_result(node.operator, operand)
        if result is None:
            raise self._error(
                node, f"invalid operation: {node.operator} (mismatched type {operand})"
            )
        return result

    def _binary(self, node: nodes.Binary) -> Nature:
        spine = _spine(node, lambda it: it.left)
        left = self.nature(spine[-1].left)
        for one in reversed(spine):
            right = self.nature(one.right)
            result = binary_result(one.operator, left, right)
            if result is None:
                kinds = f"mismatched types {left} and {right}"
                raise self._error(one, f"invalid operation: {one.operator} ({kinds})")
            one.nature = left = result
        return left

    def _conditional(self, node: nodes.Conditional) -> Nature:
        condition = self.nature(node.condition)
        if condition.kind is not Kind.BOOL and not condition.is_unknown:
            raise self._error(
                node.condition, f"non-bool expression (type {condition}) used as condition"
            )
        positive, negative = self.nature(node.positive), self.nature(node.negative)
        if positive.is_nil or negative.is_nil:
            return negative if positive.is_nil else positive
        if not positive.is_assignable_to(negative):
            return UNKNOWN
        return positive if _have_same_elements(positive, negative) else ARRAY

    # Members and slices.

    def _members(self, node: nodes.Member) -> Nature:
        spine = _spine(node, lambda it: it.target)
        first = spine.pop()
        nature = first.nature = self._first_member(first)
        for one in reversed(spine):
            one.nature = nature = self._member(one, nature)
        return nature

    def _first_member(self, node: nodes.Member) -> Nature:
        target, key = node.target, node.key
        if isinstance(target, nodes.Identifier) and target.name == ENVIRONMENT:
            if not isinstance(key, nodes.Constant) or not isinstance(key.value, str):
                return UNKNOWN
            strict = self.strict and not node.optional
            return self._named(node, key.value, strict=strict, builtins=False)
        return self._member(node, self.nature(target))

    def _member(self, node: nodes.Member, target: Nature) -> Nature:
        key = self.nature(node.key)
        if target.is_unknown:
            return UNKNOWN
        name = node.key.value if isinstance(node.key, nodes.Constant) else None
        if isinstance(name, str) and (method := method_of(target, name)) is not None:
            return method
        if target.kind is Kind.MAP and target.key is not None:
            fits = key.is_assignable_to(target.key)
        elif target.is_array:
            fits = key.is_integer
        else:
            raise self._error(node, f"type {target} has no field or method {name or key}")
        if not fits and not key.is_unknown:
            raise self._error(node.key, f"cannot use {key} to get an element from {target}")
        return target.elements()

    def _slice(self, node: nodes.Slice) -> Nature:
        target = self.nature(node.target)
        if target.is_unknown:
            return UNKNOWN
        if target.kind not in _CUTTABLE:
            raise self._error(node, f"cannot slice {target}")
        for bound in (node.start, node.stop):
            nature = UNKNOWN if bound is None else self.nature(bound)
            if not nature.is_unknown and not nature.is_integer:
                raise self._error(bound or node, f"non-integer slice index {nature}")
        return target

    # Calls.

    def _call(self, node: nodes.Call) -> Nature:
        if isinstance(node.callee, nodes.Identifier) and node.callee.name == ENVIRONMENT:
            raise self._error(node, f"{ENVIRONMENT} is not callable")
        callee = self.nature(node.callee)
        if callee.is_unknown:
            return UNKNOWN
        signature = callee.signature
        if signature is None:
            raise self._error(node, f"{callee} is not callable")
        name = callee.name
        if signature.built_in in BUILTINS:
            return self._declared(BUILTINS[signature.built_in], node, node.arguments)
        if signature.built_in:
            raise self._error(node, f"{signature.built_in} cannot be called like that")
        self._check_arguments(name, signature, node, node.arguments)
        return signature.results[0].bare()

    def _builtin(self, node: nodes.Builtin) -> Nature:
        declaration = BUILTINS.get(node.name)
        if declaration is None:
            return self._predicate_builtin(node)
        first = node.arguments[0] if node.arguments else None
        if (
            node.name == "get"
            and isinstance(first, nodes.Identifier)
            and first.name == ENVIRONMENT
            and len(node.arguments) == declaration.most
        ):
            self._all(node.arguments)
            key = node.arguments[1]
            name = key.value if isinstance(key, nodes.Constant) else None
            return self.known.get(name, UNKNOWN) if isinstance(name, str) else UNKNOWN
        return self._declared(declaration, node, node.arguments)

    def _declared(self, declaration: Declaration, node: Node, arguments: Sequence[Node]) -> Nature:
        """Return what a function of the language gives, by its declaration."""
        if declaration.validate is not None:
            natures = self._all(arguments)
            if declaration.name != "get":
                natures = [ANY if it.is_unknown else it.bare() for it in natures]
            try:
                result = declaration.validate(natures)
            except OperandError as error:
                raise self._error(node, str(error)) from error
            return result if declaration.name == "get" else result.bare()
        wrong: ExpressionError | None = None
        for overload in declaration.overloads:
            try:
                self._check_arguments(declaration.name, overload, node, arguments)
            except ExpressionError as error:
                wrong = error
            else:
                return overload.results[0]
        raise wrong or self._error(node, f"no matching overload for {declaration.name}")

    def _check_arguments(
        self, name: str, signature: Signature, node: Node, arguments: Sequence[Node]
    ) -> None:
        if not 1 <= len(signature.results) <= _MOST_RESULTS:
            raise self._error(node, f"func {name} returns more then two values")
        parameters = signature.parameters
        needed = len(parameters) - signature.variadic
        natures = self._all(arguments)
        if len(natures) < needed:
            raise self._error(node, f"not enough arguments to call {name}")
        if len(natures) > needed and not signature.variadic:
            raise self._error(node, f"too many arguments to call {name}")
        for index, (argument, nature) in enumerate(zip(arguments, natures, strict=True)):
            parameter = parameters[min(index, len(parameters) - 1)]
            if not is_passable(nature, parameter):
                raise self._error(
                    argument, f"cannot use {nature} as argument (type {parameter}) to call {name}"
                )

    def _predicate_builtin(self, node: nodes.Builtin) -> Nature:
        collection = self.nature(node.arguments[0])
        if not collection.is_array and not collection.is_unknown:
            raise self._error(
                node.arguments[0], f"builtin {node.name} takes only array (got {collection})"
            )
        body = None
        if len(node.arguments) > 1:
            self.predicates.append((collection, _POINTERS.get(node.name, {})))
            body = self._predicate_body(node.name, node.arguments[1])
            self.predicates.pop()
        for argument in node.arguments[2:]:
            extra = self.nature(argument)
            if node.name == "sortBy" and extra.kind is not Kind.STRING and not extra.is_unknown:
                raise self._error(argument, f"sortBy order argument must be a string (got {extra})")
        return predicate_result(node.name, collection, body)

    def _predicate_body(self, name: str, predicate: Node) -> Nature:
        body = self.nature(predicate)
        if body.is_nil:
            raise self._error(predicate, "predicate should has one input and one output param")
        if name in _BOOLEAN_PREDICATES and body.kind is not Kind.BOOL and not body.is_unknown:
            raise self._error(predicate, f"predicate should return boolean (got {body})")
        return body

    # Literals of collections.

    def _array(self, node: nodes.ArrayLiteral) -> Nature:
        items = self._all(node.items)
        if not items:
            return array_of(UNKNOWN)
        return array_of(items[-1]) if len({item.kind for item in items}) == 1 else ARRAY

    def _map(self, node: nodes.MapLiteral) -> Nature:
        for pair in node.pairs:
            if isinstance(pair, nodes.Pair):
                self._all((pair.key, pair.value))
        return MAP


def _spine(node: Spine, leftmost: Callable[[Spine], Node]) -> list[Spine]:
    """Return a node and those of its type that it begins with, from the outside in."""
    spine = [node]
    while isinstance(inner := leftmost(spine[-1]), type(node)):
        spine.append(inner)
    return spine


def _is_builtin(name: str) -> bool:
    return name in BUILTINS or name in PREDICATE_ARGUMENTS


def _have_same_elements(left: Nature, right: Nature) -> bool:
    if not left.is_array or not right.is_array:
        return True
    one, other = left.elements(), right.elements()
    return one.is_assignable_to(other) and other.is_assignable_to(one)

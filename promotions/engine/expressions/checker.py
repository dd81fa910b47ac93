"""Refuses expressions whose types cannot fit, before anything is evaluated.

Only literals and what the language computes from them have known types; what comes from the
environment is checked when it is used.

Source: https://github.com/expr-lang/expr ``checker``.
"""

from collections.abc import Callable

from common.errors import InvalidError
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.natures import (
    ARRAY,
    BOOL,
    BYTES,
    FLOAT,
    FUNCTION,
    INT,
    MAP,
    NIL,
    NUMBERS,
    PARAMETERS,
    STRING,
    UNKNOWN,
    Kind,
    Nature,
)
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
from promotions.engine.regexes import compile_regex

DEEPEST = 200

_BOOLEAN_PREDICATES = frozenset(("all", "none", "any", "one", "filter", "count")) | frozenset(
    ("find", "findIndex", "findLast", "findLastIndex")
)
_POINTERS = {
    "filter": ("", "index"),
    "map": ("", "index"),
    "groupBy": ("", "index"),
    "sortBy": ("", "index"),
    "reduce": ("", "index", "acc"),
}
_RESULTS = {
    **dict.fromkeys(("all", "none", "any", "one", "hasPrefix", "hasSuffix"), BOOL),
    **dict.fromkeys(("count", "len", "int", "indexOf", "lastIndexOf", "bitand", "bitor"), INT),
    **dict.fromkeys(("float", "ceil", "floor", "round"), FLOAT),
    **dict.fromkeys(("string", "type", "trim", "trimPrefix", "trimSuffix", "upper"), STRING),
    **dict.fromkeys(("lower", "replace", "repeat", "join", "toJSON"), STRING),
    **dict.fromkeys(("toBase64", "fromBase64"), STRING),
    **dict.fromkeys(("filter", "map", "sortBy", "split", "splitAfter"), ARRAY),
    **dict.fromkeys(("keys", "values", "sort"), ARRAY),
}
_LITERALS: tuple[tuple[type, Nature], ...] = (
    (bool, BOOL),
    (int, INT),
    (float, FLOAT),
    (str, STRING),
    (bytes, BYTES),
)
_INDEXABLE = (Kind.ARRAY, Kind.MAP, Kind.BYTES)


def check(root: Node, text: str) -> None:
    """Raise if the expression could not be evaluated in any environment.

    Raises:
        ExpressionError: Operands, arguments or predicates are of the wrong type, a variable is
            declared twice, or a regular expression is malformed.
    """
    _Checker(text).nature(root)


class _Checker:
    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, Nature] = {}
        self.pointers: list[tuple[str, ...]] = []
        self.depth = 0
        self._by_type: dict[type, Callable[..., Nature]] = {  # type: ignore[explicit-any]  # one method per node type
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

    def nature(self, node: Node) -> Nature:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(node, "the expression is nested too deeply")
        result = self._by_type[type(node)](node)
        self.depth -= 1
        return result

    def _error(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError.at(node.offset, self.text, message)

    def _mismatch(self, node: Binary, left: Nature, right: Nature) -> ExpressionError:
        kinds = f"mismatched types {left.kind} and {right.kind}"
        return self._error(node, f"invalid operation: {node.operator} ({kinds})")

    def _constant(self, node: Constant) -> Nature:
        return next(nature for kind, nature in _LITERALS if isinstance(node.value, kind))

    def _nil(self, _node: Nil) -> Nature:
        return NIL

    def _identifier(self, node: Identifier) -> Nature:
        if node.name in self.variables:
            return self.variables[node.name]
        return FUNCTION if node.name in BUILTINS or node.name in _RESULTS else UNKNOWN

    def _pointer(self, node: Pointer) -> Nature:
        if not self.pointers or node.name not in self.pointers[-1]:
            raise self._error(node, f"unknown pointer #{node.name}")
        return INT if node.name == "index" else UNKNOWN

    def _unary(self, node: Unary) -> Nature:
        nature = self.nature(node.operand)
        logical = node.operator in ("not", "!")
        if not nature.is_any_of(*((Kind.BOOL,) if logical else NUMBERS)):
            kind = f"mismatched type {nature.kind}"
            raise self._error(node, f"invalid operation: {node.operator} ({kind})")
        return BOOL if logical else nature

    def _binary(self, node: Binary) -> Nature:
        left, right = self.nature(node.left), self.nature(node.right)
        if node.operator == "??":
            return left if left == right else UNKNOWN
        result = _BINARY[node.operator](left, right)
        if result is None:
            raise self._mismatch(node, left, right)
        if node.operator == "matches" and isinstance(node.right, Constant):
            self._check_regex(node, node.right.value)
        return result

    def _check_regex(self, node: Node, pattern: object) -> None:
        try:
            compile_regex(str(pattern))
        except InvalidError as error:
            raise self._error(node, error.message) from error

    def _conditional(self, node: Conditional) -> Nature:
        condition = self.nature(node.condition)
        if not condition.is_any_of(Kind.BOOL):
            raise self._error(
                node.condition, f"non-bool expression (type {condition.kind}) used as condition"
            )
        positive, negative = self.nature(node.positive), self.nature(node.negative)
        return positive if positive == negative else UNKNOWN

    def _member(self, node: Member) -> Nature:
        target, key = self.nature(node.target), self.nature(node.key)
        if not target.is_any_of(*_INDEXABLE):
            raise self._error(node, f"type {target.kind} has no members")
        by_name = target.kind is Kind.MAP and key.is_any_of(Kind.STRING)
        by_index = target.kind is not Kind.MAP and key.is_any_of(*NUMBERS)
        if target.kind is not Kind.UNKNOWN and not by_name and not by_index:
            raise self._error(node, f"type {target.kind} cannot be indexed by {key.kind}")
        return UNKNOWN

    def _chain(self, node: Chain) -> Nature:
        return self.nature(node.body)

    def _slice(self, node: Slice) -> Nature:
        target = self.nature(node.target)
        if not target.is_any_of(Kind.ARRAY, Kind.STRING, Kind.BYTES):
            raise self._error(node, f"cannot slice {target.kind}")
        for bound in (node.start, node.stop):
            if bound is not None and not self.nature(bound).is_any_of(Kind.INT):
                raise self._error(node, "non-integer slice index")
        return target

    def _call(self, node: Call) -> Nature:
        callee = self.nature(node.callee)
        if not callee.is_any_of(Kind.FUNCTION):
            raise self._error(node, f"{callee.kind} is not callable")
        for argument in node.arguments:
            self.nature(argument)
        return UNKNOWN

    def _builtin(self, node: Builtin) -> Nature:
        function = BUILTINS.get(node.name)
        if function is None:
            return self._predicate_builtin(node)
        natures = [self.nature(argument) for argument in node.arguments]
        if len(natures) < function.least:
            raise self._error(node, f"not enough arguments to call {node.name}")
        if function.most is not None and len(natures) > function.most:
            raise self._error(node, f"too many arguments to call {node.name}")
        for expected, nature in zip(function.parameters, natures, strict=False):
            kinds = PARAMETERS.get(expected)
            if kinds is not None and not nature.is_any_of(*kinds):
                raise self._error(node, f"{node.name} cannot take {nature.kind} as {expected}")
        return _RESULTS.get(node.name, UNKNOWN)

    def _predicate_builtin(self, node: Builtin) -> Nature:
        collection = self.nature(node.arguments[0])
        if not collection.is_any_of(Kind.ARRAY, Kind.BYTES):
            raise self._error(node, f"builtin {node.name} takes only array (got {collection.kind})")
        for argument in node.arguments[1:]:
            self._check_argument(node, argument)
        return _RESULTS.get(node.name, UNKNOWN)

    def _check_argument(self, node: Builtin, argument: Node) -> None:
        if not isinstance(argument, Predicate):
            nature = self.nature(argument)
            if node.name == "sortBy" and not nature.is_any_of(Kind.STRING):
                raise self._error(argument, "the order must be a string")
            return
        self.pointers.append(_POINTERS.get(node.name, ("",)))
        nature = self.nature(argument.body)
        self.pointers.pop()
        if node.name in _BOOLEAN_PREDICATES and not nature.is_any_of(Kind.BOOL):
            raise self._error(argument, f"predicate should return boolean (got {nature.kind})")

    def _array(self, node: ArrayLiteral) -> Nature:
        kinds = {self.nature(item).kind for item in node.items}
        return Nature(Kind.ARRAY, kinds.pop() if len(kinds) == 1 else Kind.UNKNOWN)

    def _map(self, node: MapLiteral) -> Nature:
        for key, value in node.entries:
            if not self.nature(key).is_any_of(Kind.STRING):
                return self._untyped_map(node)
            self.nature(value)
        return MAP

    def _untyped_map(self, node: MapLiteral) -> Nature:
        for _, value in node.entries:
            self.nature(value)
        return MAP

    def _let(self, node: Let) -> Nature:
        if node.name in self.variables:
            raise self._error(node, f"cannot redeclare variable {node.name}")
        if node.name in BUILTINS or node.name in _RESULTS:
            raise self._error(node, f"cannot redeclare builtin {node.name}")
        nature = self.nature(node.value)
        self.variables[node.name] = nature
        result = self.nature(node.body)
        del self.variables[node.name]
        return result

    def _sequence(self, node: Sequence) -> Nature:
        return [self.nature(item) for item in node.items][-1]


def _fits(*kinds: Kind) -> Callable[[Nature, Nature], bool]:
    return lambda left, right: left.is_any_of(*kinds) and right.is_any_of(*kinds)


_numeric = _fits(*NUMBERS)
_textual = _fits(Kind.STRING)
_logical = _fits(Kind.BOOL)
_whole = _fits(Kind.INT)


def _equality(left: Nature, right: Nature) -> Nature | None:
    free = (Kind.UNKNOWN, Kind.NIL)
    same = left.kind is right.kind or left.kind in free or right.kind in free
    return BOOL if same or _numeric(left, right) else None


def _ordering(left: Nature, right: Nature) -> Nature | None:
    return BOOL if _numeric(left, right) or _textual(left, right) else None


def _addition(left: Nature, right: Nature) -> Nature | None:
    if _textual(left, right):
        return UNKNOWN if left.kind is right.kind is Kind.UNKNOWN else STRING
    return _arithmetic(left, right)


def _arithmetic(left: Nature, right: Nature) -> Nature | None:
    if not _numeric(left, right):
        return None
    if Kind.UNKNOWN in (left.kind, right.kind):
        return UNKNOWN
    return INT if left.kind is right.kind is Kind.INT else FLOAT


def _division(left: Nature, right: Nature) -> Nature | None:
    return FLOAT if _numeric(left, right) else None


def _membership(left: Nature, right: Nature) -> Nature | None:
    if right.kind is Kind.MAP:
        return BOOL if left.is_any_of(Kind.STRING, Kind.NIL) else None
    if right.kind is Kind.ARRAY:
        return _equality(left, Nature(right.element))
    return BOOL if right.is_any_of(Kind.NIL, Kind.BYTES) else None


def _text_test(left: Nature, right: Nature) -> Nature | None:
    fits = left.is_any_of(Kind.STRING, Kind.BYTES) and right.is_any_of(Kind.STRING)
    return BOOL if fits else None


_BINARY: dict[str, Callable[[Nature, Nature], Nature | None]] = {
    **dict.fromkeys(("==", "!="), _equality),
    **dict.fromkeys(("<", ">", "<=", ">="), _ordering),
    **dict.fromkeys(("-", "*"), _arithmetic),
    **dict.fromkeys(("/", "**", "^"), _division),
    **dict.fromkeys(("matches", "contains", "startsWith", "endsWith"), _text_test),
    **dict.fromkeys(
        ("and", "&&", "or", "||"), lambda left, right: BOOL if _logical(left, right) else None
    ),
    "+": _addition,
    "%": lambda left, right: INT if _whole(left, right) else None,
    "..": lambda left, right: Nature(Kind.ARRAY, Kind.INT) if _whole(left, right) else None,
    "in": _membership,
}

"""Turns a checked and simplified expression into closures, so that it can be evaluated quickly.

Each node becomes a function of the machine. An error of an operation is given its place by the
function of the node that does the operation.

Source: https://github.com/expr-lang/expr ``compiler``.
"""

from collections.abc import Callable, Sequence

from promotions.engine.expressions import nodes
from promotions.engine.expressions.access import cut, fetch
from promotions.engine.expressions.builtins.dates import NOW, now_in
from promotions.engine.expressions.builtins.registry import BUILTINS
from promotions.engine.expressions.calls import call_function
from promotions.engine.expressions.errors import ExpressionError, OperandError
from promotions.engine.expressions.machine import (
    ENVIRONMENT,
    Evaluate,
    Machine,
    RootedEnvironment,
    Scope,
)
from promotions.engine.expressions.matching import compile_matcher
from promotions.engine.expressions.nodes import Node
from promotions.engine.expressions.operators import OPERATIONS, Operation, negated
from promotions.engine.expressions.predicates import PREDICATES, Loop
from promotions.engine.expressions.typed_calls import check_arguments, direct_parameters
from promotions.engine.expressions.typed_comparison import typed_operation
from promotions.engine.expressions.values import (
    Function,
    as_bool,
    as_int,
    as_text,
    conversion_error,
    is_nil,
)

DEEPEST = 200

Step = Callable[[Machine, object], object]
"""What is done to the value on the left of an operator, or before a dot."""


class _Broken(Exception):  # noqa: N818  control flow, not an error
    """A nil was met before ``?.``; the enclosing chain becomes nil."""


def compile_nodes(root: Node, text: str) -> tuple[Evaluate, int]:
    """Return what evaluates the expression, and how many variables it declares.

    Raises:
        ExpressionError: A regular expression is malformed, or the nodes are nested too deeply.
    """
    compiler = _Compiler(text)
    return compiler.compile(root), compiler.declared


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.variables: dict[str, int] = {}
        self.declared = 0
        self.depth = 0
        self._by_type: dict[type, Callable[..., Evaluate]] = {  # type: ignore[explicit-any]  # one method per node type
            nodes.Nil: lambda _: lambda _machine: None,
            nodes.Constant: self._constant,
            nodes.Identifier: self._identifier,
            nodes.Pointer: self._pointer,
            nodes.Unary: self._unary,
            nodes.Binary: self._binary,
            nodes.Conditional: self._conditional,
            nodes.Member: self._member,
            nodes.Chain: self._chain,
            nodes.Slice: self._slice,
            nodes.Call: self._call,
            nodes.Builtin: self._builtin,
            nodes.Predicate: lambda node: self.compile(node.body),
            nodes.ArrayLiteral: self._array,
            nodes.MapLiteral: self._map,
            nodes.Let: self._let,
            nodes.Sequence: self._sequence,
        }

    def compile(self, node: Node) -> Evaluate:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._error(node, "the expression is nested too deeply")
        evaluate = self._by_type[type(node)](node)
        self.depth -= 1
        return evaluate

    def _all(self, items: Sequence[Node]) -> list[Evaluate]:
        return [self.compile(item) for item in items]

    def _error(self, node: Node, message: str) -> ExpressionError:
        return ExpressionError.at(node.offset, self.text, message)

    def _placed(self, node: Node, evaluate: Evaluate) -> Evaluate:
        """Return the function with the node's place added to its errors."""
        error = self._error

        def run(machine: Machine) -> object:
            try:
                return evaluate(machine)
            except OperandError as wrong:
                raise error(node, str(wrong)) from wrong

        return run

    # Names and literals.

    def _constant(self, node: nodes.Constant) -> Evaluate:
        value = node.value
        if isinstance(value, list):
            return lambda _: list(value)
        return lambda _: value

    def _identifier(self, node: nodes.Identifier) -> Evaluate:
        name = node.name
        if name in self.variables:
            number = self.variables[name]
            return lambda machine: machine.variables[number]
        if name == ENVIRONMENT:
            return _environment
        return self._placed(node, lambda machine: _variable(machine, name))

    def _callee(self, node: Node) -> Evaluate:
        if isinstance(node, nodes.Identifier) and node.name not in self.variables:
            name = node.name
            return self._placed(node, lambda machine: machine.environment.get(name))
        return self.compile(node)

    def _pointer(self, node: nodes.Pointer) -> Evaluate:
        if node.name == "index":
            return lambda machine: machine.scope.index
        if node.name == "acc":
            return lambda machine: machine.scope.accumulated
        if node.name:
            raise self._error(node, f"unknown pointer #{node.name}")
        return self._placed(node, lambda machine: machine.scope.items[machine.scope.index])

    def _let(self, node: nodes.Let) -> Evaluate:
        value = self.compile(node.value)
        number = self.declared
        self.declared += 1
        outer = dict(self.variables)
        self.variables[node.name] = number
        body = self.compile(node.body)
        self.variables = outer

        def run(machine: Machine) -> object:
            machine.variables[number] = value(machine)
            return body(machine)

        return run

    def _sequence(self, node: nodes.Sequence) -> Evaluate:
        *before, last = self._all(node.items)

        def run(machine: Machine) -> object:
            for item in before:
                item(machine)
            return last(machine)

        return run

    def _array(self, node: nodes.ArrayLiteral) -> Evaluate:
        items = self._all(node.items)

        def run(machine: Machine) -> object:
            machine.meter.allocate(len(items))
            return [item(machine) for item in items]

        return self._placed(node, run)

    def _map(self, node: nodes.MapLiteral) -> Evaluate:
        pairs = [
            (self.compile(pair.key), self.compile(pair.value))
            for pair in node.pairs
            if isinstance(pair, nodes.Pair)
        ]

        def run(machine: Machine) -> object:
            machine.meter.allocate(len(pairs))
            entries: dict[str, object] = {}
            for key, value in pairs:
                # The first of equal keys wins: the reference fills the map from the last one back.
                entries.setdefault(as_text(key(machine)), value(machine))
            return entries

        return self._placed(node, run)

    # Operators.

    def _unary(self, node: nodes.Unary) -> Evaluate:
        operand = self.compile(node.operand)
        if node.operator == "+":
            return operand
        if node.operator == "-":
            return self._placed(node, lambda machine: negated(operand(machine)))
        return self._placed(node, lambda machine: not as_bool(operand(machine)))

    def _binary(self, node: nodes.Binary) -> Evaluate:
        steps: list[Step] = []
        first: Node = node
        while isinstance(first, nodes.Binary):
            steps.append(self._step(first))
            first = first.left
        return _in_steps(self.compile(first), steps[::-1])

    def _step(self, node: nodes.Binary) -> Step:
        symbol = node.operator
        if symbol == "matches" and isinstance(node.right, nodes.Constant):
            return self._matching(node, node.right.value)
        right = self.compile(node.right)
        if symbol == "??":
            return lambda machine, left: right(machine) if is_nil(left) else left
        if symbol in ("and", "&&", "or", "||"):
            return self._logic(node, right, decisive=symbol in ("or", "||"))
        return self._operation(node, right, typed_operation(node) or OPERATIONS[symbol])

    def _operation(self, node: nodes.Binary, right: Evaluate, operation: Operation) -> Step:
        error = self._error

        def run(machine: Machine, left: object) -> object:
            try:
                return operation(left, right(machine), machine.meter)
            except OperandError as wrong:
                raise error(node, str(wrong)) from wrong

        return run

    def _logic(self, node: nodes.Binary, right: Evaluate, *, decisive: bool) -> Step:
        """Return what gives ``decisive`` if the left side is it, else the right side unchecked."""
        error = self._error

        def run(machine: Machine, left: object) -> object:
            if left is decisive:
                return left
            if not isinstance(left, bool):
                raise error(node, str(conversion_error(left, "bool")))
            return right(machine)

        return run

    def _matching(self, node: nodes.Binary, pattern: object) -> Step:
        error = self._error
        try:
            matcher = compile_matcher(as_text(pattern))
        except OperandError as wrong:
            raise error(node, str(wrong)) from wrong

        def run(machine: Machine, left: object) -> object:
            try:
                return matcher.matches(left, machine.meter)
            except OperandError as wrong:
                raise error(node, str(wrong)) from wrong

        return run

    def _conditional(self, node: nodes.Conditional) -> Evaluate:
        condition = self._placed(node.condition, _truth(self.compile(node.condition)))
        positive, negative = self.compile(node.positive), self.compile(node.negative)
        return lambda machine: (positive if condition(machine) else negative)(machine)

    # Members and slices.

    def _member(self, node: nodes.Member) -> Evaluate:
        steps: list[Step] = []
        first: Node = node
        while isinstance(first, nodes.Member):
            steps.append(self._fetching(first))
            first = first.target
        return _in_steps(self.compile(first), steps[::-1])

    def _fetching(self, node: nodes.Member) -> Step:
        key, optional, error = self.compile(node.key), node.optional, self._error
        name = node.key.value if isinstance(node.key, nodes.Constant) else None

        def run(machine: Machine, target: object) -> object:
            if type(target) is dict and type(name) is str:
                return target.get(name)
            if optional and is_nil(target):
                raise _Broken
            try:
                return fetch(target, key(machine))
            except OperandError as wrong:
                raise error(node, str(wrong)) from wrong

        return run

    def _chain(self, node: nodes.Chain) -> Evaluate:
        body = self.compile(node.body)

        def run(machine: Machine) -> object:
            try:
                value = body(machine)
            except _Broken:
                return None
            return None if is_nil(value) else value

        return run

    def _slice(self, node: nodes.Slice) -> Evaluate:
        target = self.compile(node.target)
        start, stop = self._bound(node.start), self._bound(node.stop)
        return self._placed(
            node, lambda machine: cut(target(machine), start(machine), stop(machine))
        )

    def _bound(self, node: Node | None) -> Evaluate:
        if node is None:
            return lambda _: None
        bound = self.compile(node)
        return lambda machine: as_int(bound(machine))

    # Calls.

    def _call(self, node: nodes.Call) -> Evaluate:
        callee, arguments = self._callee(node.callee), self._all(node.arguments)
        parameters = direct_parameters(node.callee)

        def run(machine: Machine) -> object:
            given = _given(arguments, machine)
            if parameters:
                check_arguments(parameters, given)
            return call_function(callee(machine), given)

        return self._placed(node, run)

    def _builtin(self, node: nodes.Builtin) -> Evaluate:
        if node.name in PREDICATES:
            return self._predicate_builtin(node)
        declaration = BUILTINS[node.name]
        count = len(node.arguments)
        if count < declaration.least or (declaration.most is not None and count > declaration.most):
            raise self._error(node, f"{node.name} cannot be called with {count} arguments")
        arguments = self._all(node.arguments)
        if node.name == NOW:
            return self._placed(
                node, lambda machine: now_in(machine.environment).call(_given(arguments, machine))
            )
        call = declaration.call
        return self._placed(node, lambda machine: call(_given(arguments, machine), machine.meter))

    def _predicate_builtin(self, node: nodes.Builtin) -> Evaluate:
        collection = self.compile(node.arguments[0])
        predicate = (
            node.arguments[1] if len(node.arguments) > 1 else nodes.Pointer("", offset=node.offset)
        )
        option = self.compile(node.arguments[2]) if len(node.arguments) > 2 else None  # noqa: PLR2004  the optional third
        transform = self.compile(node.transform) if node.transform else None
        cost = sum(1 for _ in nodes.walk(predicate))
        loop = Loop(self.compile(predicate), cost, option, transform, node.throws, node.threshold)
        perform = PREDICATES[node.name]

        def run(machine: Machine) -> object:
            outer = machine.scope
            scope = machine.scope = Scope.over(collection(machine))
            try:
                return perform(loop, machine, scope)
            finally:
                machine.scope = outer

        return self._placed(node, run)


def _in_steps(first: Evaluate, steps: Sequence[Step]) -> Evaluate:
    """Return what does one step after the other, however many there are."""
    if len(steps) == 1:
        step = steps[0]
        return lambda machine: step(machine, first(machine))

    def run(machine: Machine) -> object:
        value = first(machine)
        for step in steps:
            value = step(machine, value)
        return value

    return run


def _truth(evaluate: Evaluate) -> Evaluate:
    return lambda machine: as_bool(evaluate(machine))


def _environment(machine: Machine) -> object:
    environment = machine.environment
    return environment.root if isinstance(environment, RootedEnvironment) else environment


def _variable(machine: Machine, name: str) -> object:
    """Return a variable; a declared function is none, it can only be called."""
    value = machine.environment.get(name)
    return None if isinstance(value, Function) else value


def _given(arguments: Sequence[Evaluate], machine: Machine) -> list[object]:
    return [argument(machine) for argument in arguments]

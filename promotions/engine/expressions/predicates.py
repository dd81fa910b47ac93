"""What the builtins do that evaluate a predicate for each element of an array.

Source: https://github.com/expr-lang/expr ``compiler`` BuiltinNode.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from promotions.engine.expressions.builtins.collections import is_descending
from promotions.engine.expressions.builtins.gosort import sort_by_keys
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.machine import Evaluate, Machine, Scope
from promotions.engine.expressions.operators import add, is_less
from promotions.engine.expressions.values import NIL_ARRAY, AnyMap, as_bool


@dataclass(frozen=True, slots=True)
class Loop:
    """One use of such a builtin.

    Attributes:
        body: The predicate; where there is none, the element itself is meant.
        cost: How many steps one evaluation of the predicate takes.
        option: The third argument: an order, or the value to start with.
        transform: What to make of the elements found; as they are if there is none.
        throws: Whether finding nothing is an error.
        threshold: When to stop counting; 0 for never.
    """

    body: Evaluate
    cost: int
    option: Evaluate | None = None
    transform: Evaluate | None = None
    throws: bool = False
    threshold: int = 0

    def positions(self, machine: Machine, scope: Scope) -> Iterator[int]:
        """Point the scope to one element after the other, counting the cost."""
        meter, cost = machine.meter, self.cost
        for index in range(scope.index, len(scope.items)):
            meter.spend(cost)
            scope.index = index
            yield index

    def matches(self, machine: Machine, scope: Scope) -> Iterator[int]:
        """Point the scope to one element after the other for which the predicate holds."""
        body = self.body
        for index in self.positions(machine, scope):
            if as_bool(body(machine)):
                yield index

    def matches_backwards(self, machine: Machine, scope: Scope) -> Iterator[int]:
        """Point the scope to the elements for which the predicate holds, last to first."""
        for index in range(len(scope.items) - 1, -1, -1):
            machine.meter.spend(self.cost)
            scope.index = index
            if as_bool(self.body(machine)):
                yield index

    def found(self, machine: Machine, scope: Scope) -> object:
        """Return the element that the scope points to, transformed."""
        return scope.element() if self.transform is None else self.transform(machine)

    def nothing(self) -> object:
        """Return what there is if nothing was found.

        Raises:
            OperandError: That is an error here.
        """
        if self.throws:
            raise OperandError("reflect: slice index out of range")
        return None


Run = Callable[[Loop, Machine, Scope], object]


def _all(loop: Loop, machine: Machine, scope: Scope) -> object:
    return all(as_bool(loop.body(machine)) for _ in loop.positions(machine, scope))


def _none(loop: Loop, machine: Machine, scope: Scope) -> object:
    return next(loop.matches(machine, scope), None) is None


def _any(loop: Loop, machine: Machine, scope: Scope) -> object:
    return next(loop.matches(machine, scope), None) is not None


def _one(loop: Loop, machine: Machine, scope: Scope) -> object:
    return sum(1 for _ in loop.matches(machine, scope)) == 1


def _count(loop: Loop, machine: Machine, scope: Scope) -> object:
    count = 0
    for _ in loop.matches(machine, scope):
        count += 1
        if count == loop.threshold:
            break
    return count


def _filter(loop: Loop, machine: Machine, scope: Scope) -> object:
    kept = [loop.found(machine, scope) for _ in loop.matches(machine, scope)]
    machine.meter.allocate(len(kept))
    return kept


def _map(loop: Loop, machine: Machine, scope: Scope) -> object:
    body = loop.body
    mapped = [body(machine) for _ in loop.positions(machine, scope)]
    machine.meter.allocate(len(mapped))
    return mapped


def _find(loop: Loop, machine: Machine, scope: Scope) -> object:
    for _ in loop.matches(machine, scope):
        return loop.found(machine, scope)
    return loop.nothing()


def _find_index(loop: Loop, machine: Machine, scope: Scope) -> object:
    return next(loop.matches(machine, scope), None)


def _find_last(loop: Loop, machine: Machine, scope: Scope) -> object:
    for _ in loop.matches_backwards(machine, scope):
        return loop.found(machine, scope)
    return loop.nothing()


def _find_last_index(loop: Loop, machine: Machine, scope: Scope) -> object:
    return next(loop.matches_backwards(machine, scope), None)


def _sum(loop: Loop, machine: Machine, scope: Scope) -> object:
    total: object = 0
    for _ in loop.positions(machine, scope):
        total = add(loop.body(machine), total, machine.meter)
    return total


def _group_by(loop: Loop, machine: Machine, scope: Scope) -> object:
    groups = AnyMap({}, missing=NIL_ARRAY, go_type="map[interface {}][]interface {}")
    for _ in loop.positions(machine, scope):
        key = loop.body(machine)
        members = groups.find(key)
        if isinstance(members, list) and members is not NIL_ARRAY:
            members.append(scope.element())
        else:
            groups.put(key, [scope.element()])
    return groups


def _sort_by(loop: Loop, machine: Machine, scope: Scope) -> object:
    descending = loop.option is not None and is_descending(loop.option(machine))
    meter = machine.meter
    keys: list[object] = []
    items: list[object] = []
    for _ in loop.positions(machine, scope):
        keys.append(loop.body(machine))
        items.append(scope.element())

    def less(left: object, right: object) -> bool:
        meter.spend(1)
        return is_less(right, left) if descending else is_less(left, right)

    ordered = sort_by_keys(items, keys, less)
    meter.allocate(len(ordered))
    return ordered


def _reduce(loop: Loop, machine: Machine, scope: Scope) -> object:
    if loop.option is not None:
        scope.accumulated = loop.option(machine)
    elif len(scope.items):
        scope.accumulated = scope.element()
        scope.index = 1
    else:
        raise OperandError("reduce of empty array with no initial value")
    for _ in loop.positions(machine, scope):
        scope.accumulated = loop.body(machine)
    return scope.accumulated


PREDICATES: dict[str, Run] = {
    "all": _all,
    "none": _none,
    "any": _any,
    "one": _one,
    "count": _count,
    "filter": _filter,
    "map": _map,
    "find": _find,
    "findIndex": _find_index,
    "findLast": _find_last,
    "findLastIndex": _find_last_index,
    "sum": _sum,
    "groupBy": _group_by,
    "sortBy": _sort_by,
    "reduce": _reduce,
}

"""Builtins that take a predicate: a piece of expression evaluated for each element."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.operators import apply_binary, is_less
from promotions.engine.expressions.values import (
    AnyMap,
    Duration,
    as_bool,
    as_sequence,
    type_name,
)


@dataclass(frozen=True, slots=True)
class Element:
    """What ``#``, ``#index`` and ``#acc`` stand for at one time."""

    value: object
    index: int
    accumulated: object = None


Body = Callable[[Element], object]
PredicateBuiltin = Callable[[object, Body | None, Sequence[object]], object]


def elements(collection: object) -> list[Element]:
    """Return the elements of an array.

    Raises:
        OperandError: The collection is no array.
    """
    return [Element(value, index) for index, value in enumerate(as_sequence(collection))]


def compare_values(left: object, right: object) -> int:
    """Return the order of two values for sorting.

    Raises:
        OperandError: They have none.
    """
    return -1 if is_less(left, right) else int(is_less(right, left))


def is_descending(extra: Sequence[object]) -> bool:
    """Return whether the optional order argument says ``desc``.

    Raises:
        OperandError: It says neither ``asc`` nor ``desc``.
    """
    order = extra[0] if extra else "asc"
    if order not in ("asc", "desc"):
        raise OperandError("unknown order, use asc or desc")
    return order == "desc"


def _holding(collection: object, body: Body | None) -> Iterator[Element]:
    for element in elements(collection):
        if as_bool(element.value if body is None else body(element)):
            yield element


def _holding_backwards(collection: object, body: Body | None) -> Iterator[Element]:
    for element in reversed(elements(collection)):
        if as_bool(element.value if body is None else body(element)):
            yield element


def _all(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return all(body is None or as_bool(body(element)) for element in elements(collection))


def _none(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return next(_holding(collection, body), None) is None


def _any(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return next(_holding(collection, body), None) is not None


def _one(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return sum(1 for _ in _holding(collection, body)) == 1


def _count(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return sum(1 for _ in _holding(collection, body))


def _filter(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return [element.value for element in _holding(collection, body)]


def _map(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    return [element.value if body is None else body(element) for element in elements(collection)]


def _find(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    found = next(_holding(collection, body), None)
    return None if found is None else found.value


def _find_index(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    found = next(_holding(collection, body), None)
    return None if found is None else found.index


def _find_last(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    found = next(_holding_backwards(collection, body), None)
    return None if found is None else found.value


def _find_last_index(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    found = next(_holding_backwards(collection, body), None)
    return None if found is None else found.index


def _sum(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    total: object = 0
    for element in elements(collection):
        value = element.value if body is None else body(element)
        if isinstance(value, Duration) and total == 0:
            total = Duration(0)
        total = apply_binary("+", total, value)
    return total


def _group_by(collection: object, body: Body | None, _extra: Sequence[object]) -> object:
    groups: dict[object, object] = {}
    for element in elements(collection):
        key = element.value if body is None else body(element)
        if isinstance(key, (list, dict)):
            raise OperandError(f"cannot use {type_name(key)} as a key for groupBy")
        members = groups.setdefault(key, [])
        if isinstance(members, list):
            members.append(element.value)
    return AnyMap(groups, missing=[])


def _sort_by(collection: object, body: Body | None, extra: Sequence[object]) -> object:
    descending = is_descending(extra)
    keyed = [(it.value if body is None else body(it), it.value) for it in elements(collection)]

    def compare(left: tuple[object, object], right: tuple[object, object]) -> int:
        return compare_values(left[0], right[0])

    keyed.sort(key=cmp_to_key(compare), reverse=descending)
    return [value for _, value in keyed]


def _reduce(collection: object, body: Body | None, extra: Sequence[object]) -> object:
    items = elements(collection)
    if extra:
        accumulated = extra[0]
    elif items:
        accumulated, items = items[0].value, items[1:]
    else:
        raise OperandError("reduce of empty array with no initial value")
    for element in items:
        accumulated = _body(body)(Element(element.value, element.index, accumulated))
    return accumulated


def _body(body: Body | None) -> Body:
    if body is None:
        raise OperandError("expected a predicate")
    return body


PREDICATES: dict[str, PredicateBuiltin] = {
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

"""Builtins on arrays and maps."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cmp_to_key

from promotions.engine.expressions.access import fetch, get
from promotions.engine.expressions.builtins.predicates import compare_values, is_descending
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import (
    AnyMap,
    Function,
    as_int,
    as_sequence,
    equals,
    is_array,
    type_name,
)

_PAIR = 2


def _len(arguments: Sequence[object]) -> object:
    value = arguments[0]
    if isinstance(value, (str, bytes, list, tuple, Mapping)):
        return len(value)
    raise OperandError(f"invalid argument for len (type {type_name(value)})")


def _first(arguments: Sequence[object]) -> object:
    return _fetch_or_nil(arguments[0], 0)


def _last(arguments: Sequence[object]) -> object:
    return _fetch_or_nil(arguments[0], -1)


def _fetch_or_nil(value: object, index: int) -> object:
    try:
        return fetch(value, index)
    except OperandError:
        return None


def _get(arguments: Sequence[object]) -> object:
    return get(arguments[0], arguments[1])


def _take(arguments: Sequence[object]) -> object:
    items, count = as_sequence(arguments[0]), as_int(arguments[1])
    if count < 0:
        raise OperandError(f"cannot take {count} elements")
    return items[:count]


def _reverse(arguments: Sequence[object]) -> object:
    return list(reversed(as_sequence(arguments[0])))


def _uniq(arguments: Sequence[object]) -> object:
    kept: list[object] = []
    seen: set[tuple[str, object]] = set()
    for item in as_sequence(arguments[0]):
        if isinstance(item, str):
            if (key := ("string", item)) not in seen:
                seen.add(key)
                kept.append(item)
        elif not any(equals(item, other) for other in kept):
            kept.append(item)
    return kept


def _concat(arguments: Sequence[object]) -> object:
    return [item for argument in arguments for item in as_sequence(argument)]


def _flatten(arguments: Sequence[object]) -> object:
    return list(_flat(as_sequence(arguments[0])))


def _flat(items: Sequence[object]) -> Iterable[object]:
    for item in items:
        if is_array(item):
            yield from _flat(as_sequence(item))
        else:
            yield item


def _sort(arguments: Sequence[object]) -> object:
    items = list(as_sequence(arguments[0]))
    descending = is_descending(arguments[1:])
    return sorted(items, key=cmp_to_key(compare_values), reverse=descending)


def _mapping(value: object, purpose: str) -> Mapping[object, object]:
    if isinstance(value, Mapping):
        return value
    raise OperandError(f"cannot get {purpose} from {type_name(value)}")


def _keys(arguments: Sequence[object]) -> object:
    return list(_mapping(arguments[0], "keys"))


def _values(arguments: Sequence[object]) -> object:
    return list(_mapping(arguments[0], "values").values())


def _to_pairs(arguments: Sequence[object]) -> object:
    return [[key, value] for key, value in _mapping(arguments[0], "pairs").items()]


def _from_pairs(arguments: Sequence[object]) -> object:
    entries: dict[object, object] = {}
    for pair in as_sequence(arguments[0]):
        items = as_sequence(pair)
        if len(items) != _PAIR:
            raise OperandError("invalid pair length")
        if isinstance(items[0], (list, dict)):
            raise OperandError(f"cannot use {type_name(items[0])} as a key")
        entries[items[0]] = items[1]
    return AnyMap(entries)


FUNCTIONS = (
    Function("len", _len, 1, 1, ("sized",)),
    Function("first", _first, 1, 1, ("array",)),
    Function("last", _last, 1, 1, ("array",)),
    Function("get", _get, 2, 2, ("indexable", "any")),
    Function("take", _take, 2, 2, ("array", "int")),
    Function("reverse", _reverse, 1, 1, ("array",)),
    Function("uniq", _uniq, 1, 1, ("array",)),
    Function("concat", _concat, 1, None, ("array",)),
    Function("flatten", _flatten, 1, 1, ("array",)),
    Function("sort", _sort, 1, 2, ("array", "string")),
    Function("keys", _keys, 1, 1, ("map",)),
    Function("values", _values, 1, 1, ("map",)),
    Function("toPairs", _to_pairs, 1, 1, ("map",)),
    Function("fromPairs", _from_pairs, 1, 1, ("array",)),
)

"""Builtins on arrays and maps."""

from collections.abc import Callable, Mapping, Sequence

from promotions.engine.expressions.access import fetch, get
from promotions.engine.expressions.builtins.declarations import (
    ARRAYS,
    SIGNED,
    Call,
    Declaration,
    expecting,
    overloaded,
    validated,
)
from promotions.engine.expressions.builtins.gosort import sort_items
from promotions.engine.expressions.equality import equals
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import (
    ANY,
    ANY_MAP,
    ARRAY,
    FLOATS,
    INT,
    INTS,
    STRING,
    STRINGS,
    Kind,
    Nature,
)
from promotions.engine.expressions.operators import is_less
from promotions.engine.expressions.values import (
    NIL_ARRAY,
    AnyMap,
    NamedInt,
    PairArray,
    TypedArray,
    as_text,
    is_array,
    map_items,
    raw_bytes,
    type_name,
)

_PAIR = 2
_DEEPEST = 10_000
_EXACT = 2**53
_MAPS = frozenset({Kind.MAP})
_SIZED = ARRAYS | _MAPS | {Kind.STRING}
_SORTABLE = ("[]interface {}", "[]int", "[]float64", "[]string")
_ORDERS = {"asc": False, "desc": True}

Items = str | bytes | list[object] | tuple[object, ...]


def array_items(value: object, purpose: str) -> Items:
    """Return the value if it is an array.

    Raises:
        OperandError: It is something else.
    """
    if isinstance(value, (list, tuple, bytes)):
        return value
    raise OperandError(f"cannot {purpose} {type_name(value)}")


def listed(items: Items) -> list[object]:
    """Return the elements as a list; those of strings and bytes are of type uint8."""
    if isinstance(items, (list, tuple)):
        return list(items)
    raw = raw_bytes(items) if isinstance(items, str) else items
    return [NamedInt(byte, "uint8") for byte in raw]


def is_descending(order: object) -> bool:
    """Return whether the optional order argument says ``desc``.

    Raises:
        OperandError: It says neither ``asc`` nor ``desc``.
    """
    found = _ORDERS.get(as_text(order))
    if found is None:
        raise OperandError("unknown order, use asc or desc")
    return found


def _len(arguments: Sequence[object], _meter: Meter) -> object:
    value = arguments[0]
    if isinstance(value, (str, bytes, list, tuple, Mapping)):
        return len(value)
    raise OperandError(f"invalid argument for len (type {type_name(value)})")


def _fetch_or_nil(index: int) -> Call:
    def call(arguments: Sequence[object], _meter: Meter) -> object:
        try:
            return fetch(arguments[0], index)
        except OperandError:
            return None

    return call


def _get(arguments: Sequence[object], _meter: Meter) -> object:
    return get(arguments[0], arguments[1])


def _take(arguments: Sequence[object], meter: Meter) -> object:
    items, count = array_items(arguments[0], "take from"), arguments[1]
    if isinstance(count, Duration):
        count = count.ns
    if not isinstance(count, int) or isinstance(count, bool) or type_name(count)[0] == "u":
        raise OperandError(f"cannot take {type_name(count)} elements")
    if count < 0 or isinstance(items, PairArray):
        raise OperandError("reflect.Value.Slice: slice index out of bounds")
    taken = items[:count]
    meter.spend(len(taken))
    if isinstance(items, TypedArray):
        return TypedArray(list(taken), items.element)
    return list(taken) if isinstance(taken, tuple) else taken


def _reverse(arguments: Sequence[object], meter: Meter) -> object:
    items = listed(array_items(arguments[0], "reverse"))
    meter.allocate(len(items))
    return items[::-1]


def _uniq(arguments: Sequence[object], meter: Meter) -> object:
    kept: list[object] = []
    plain: dict[type, set[object]] = {str: set(), float: set()}
    others: list[object] = []
    for item in listed(array_items(arguments[0], "uniq")):
        same_kind = plain.get(_plain_kind(item))
        rivals = others if same_kind is not None else kept
        meter.spend(len(rivals))
        if same_kind is not None and item in same_kind:
            continue
        if any(equals(item, other, meter) for other in rivals):
            continue
        kept.append(item)
        if same_kind is None:
            others.append(item)
        else:
            same_kind.add(item)
    return kept


def _plain_kind(item: object) -> type:
    """Return what kind of values equals the item just where Python's equal it, if there is one."""
    if type(item) is str:
        return str
    if type(item) in (int, float) and isinstance(item, (int, float)):
        return float if -_EXACT <= item <= _EXACT else object
    return object


def _concat(arguments: Sequence[object], meter: Meter) -> object:
    joined: list[object] = []
    for argument in arguments:
        items = array_items(argument, "concat")
        meter.allocate(len(items))
        joined += listed(items)
    return joined or NIL_ARRAY


def _flatten(arguments: Sequence[object], meter: Meter) -> object:
    flat: list[object] = []
    waiting = [iter(listed(array_items(arguments[0], "flatten")))]
    while waiting:
        item = next(waiting[-1], _END)
        meter.spend(2)
        if item is _END:
            waiting.pop()
        elif is_array(item):
            if len(waiting) > _DEEPEST:
                raise OperandError("the values are nested too deeply")
            nested = listed(array_items(item, "flatten"))
            meter.visit(1)
            meter.spend(len(nested))
            waiting.append(iter(nested))
        else:
            meter.allocate(1)
            flat.append(item)
    return flat


def _sort(arguments: Sequence[object], meter: Meter) -> object:
    descending = len(arguments) > 1 and is_descending(arguments[1])
    if type_name(arguments[0]) not in _SORTABLE:
        return NIL_ARRAY
    items = listed(array_items(arguments[0], "sort"))
    meter.allocate(len(items))

    def less(left: object, right: object) -> bool:
        meter.spend(1)
        return is_less(right, left) if descending else is_less(left, right)

    sort_items(items, less)
    return items


def _of_map(what: str, collect: Callable[[object, object], object]) -> Call:
    def call(arguments: Sequence[object], meter: Meter) -> object:
        value = arguments[0]
        if not isinstance(value, Mapping):
            raise OperandError(f"cannot get {what} from {type_name(value)}")
        meter.spend(len(value))
        return [collect(key, item) for key, item in map_items(value)]

    return call


def _to_pairs(arguments: Sequence[object], meter: Meter) -> object:
    pairs = _of_map("pairs", lambda key, item: PairArray((key, item)))(arguments, meter)
    return TypedArray(pairs, "[2]interface {}")  # type: ignore[arg-type]  # a list


def _from_pairs(arguments: Sequence[object], meter: Meter) -> object:
    entries = AnyMap({})
    for pair in listed(array_items(arguments[0], "make a map of")):
        meter.spend(1)
        items = listed(array_items(pair, "use as a pair"))
        if len(items) != _PAIR:
            raise OperandError("invalid pair length")
        entries.put(*items)
    return entries


def _check_get(natures: Sequence[Nature]) -> Nature:
    base, key = natures
    if base.is_unknown:
        return base
    if base.is_array:
        fits = key.is_integer
    elif base.kind is Kind.MAP and base.key is not None:
        fits = key.is_assignable_to(base.key)
    else:
        raise OperandError(f"type {base} does not support indexing")
    if not fits and not key.is_unknown:
        raise OperandError(f"cannot use {key} to get an element from {base}")
    return base.elements()


def _check_take(natures: Sequence[Nature]) -> Nature:
    array, count = natures
    if not array.is_unknown and array.kind not in ARRAYS:
        raise OperandError(f"cannot take from {array}")
    if not count.is_unknown and count.kind not in SIGNED:
        raise OperandError(f"cannot take {count} elements")
    return array


def _element_of(nature: Nature) -> Nature:
    return ANY if nature.is_unknown else nature.elements()


_END = object()

FUNCTIONS: tuple[Declaration, ...] = (
    validated("len", _len, expecting("len", _SIZED, INT)),
    validated("first", _fetch_or_nil(0), expecting("first", ARRAYS, _element_of)),
    validated("last", _fetch_or_nil(-1), expecting("last", ARRAYS, _element_of)),
    validated("get", _get, _check_get, least=2, most=2),
    validated("take", _take, _check_take, least=2, most=2),
    validated("reverse", _reverse, expecting("reverse", ARRAYS, ARRAY)),
    validated("uniq", _uniq, expecting("uniq", ARRAYS, ARRAY)),
    validated("concat", _concat, expecting("concat", ARRAYS, ARRAY), most=None),
    validated("flatten", _flatten, expecting("flatten", ARRAYS, ARRAY)),
    overloaded(
        *("sort", _sort, ARRAY),
        *((kind, STRING) for kind in (ARRAY, INTS, FLOATS, STRINGS)),
        *((kind,) for kind in (ARRAY, FLOATS, STRINGS, INTS)),
    ),
    validated("keys", _of_map("keys", lambda key, _: key), expecting("keys", _MAPS, ARRAY)),
    validated("values", _of_map("values", lambda _, it: it), expecting("values", _MAPS, ARRAY)),
    validated("toPairs", _to_pairs, expecting("toPairs", _MAPS, ARRAY)),
    validated("fromPairs", _from_pairs, expecting("fromPairs", ARRAYS, ANY_MAP)),
)

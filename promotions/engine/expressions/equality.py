"""When two values are equal, and when a collection holds one.

Source: https://github.com/expr-lang/expr ``vm/runtime`` Equal and In; Go reflect.DeepEqual.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.zones import Location
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.values import (
    AnyMap,
    Record,
    is_array,
    is_nil,
    is_number,
    type_name,
)

_SCALARS = frozenset({int, str, bool})


@dataclass(frozen=True, slots=True)
class KeySet:
    """The literal right side of ``x in ["a", "b"]``: a Go map with keys of one type.

    Attributes:
        keys: The keys.
        zero: The zero value of their type, which nil stands for.
    """

    keys: frozenset[object]
    zero: int | str


def equals(left: object, right: object, meter: Meter) -> bool:
    """Return whether two values are equal, as ``==`` sees it.

    Raises:
        OperandError: There is too much to compare.
    """
    if type(left) is type(right) and type(left) in _SCALARS:
        return left == right
    if _can_compare_elements(left, right):
        return _equal_elements(left, right, meter)  # type: ignore[arg-type]  # both are arrays
    same = _equal_scalars(left, right)
    if same is None:
        return (is_nil(left) and is_nil(right)) or _identical(left, right, meter)
    return same


def _equal_scalars(left: object, right: object) -> bool | None:
    """Return whether two numbers or times are equal; ``None`` if they are not both that."""
    if is_number(left) and is_number(right):
        return equal_numbers(left, right)
    if isinstance(left, Time) and isinstance(right, Time):
        return left.is_same_instant(right)
    return None


def equal_numbers(left: object, right: object) -> bool:
    """Return whether two numbers are equal; if one is a float, the other is made one first."""
    if isinstance(left, float) or isinstance(right, float):
        return float(left) == float(right)  # type: ignore[arg-type]  # numbers
    return left == right


def contains(collection: object, value: object, meter: Meter) -> bool:
    """Return whether ``value in collection`` holds.

    Raises:
        OperandError: The collection is none, its keys are of another type, or it is too large.
    """
    for kind, has in _MEMBERSHIPS:
        if isinstance(collection, kind):
            return has(collection, value, meter)
    raise OperandError(f'operator "in" not defined on {type_name(collection)}')


def check_map_key(mapping: Mapping[object, object], key: object) -> None:
    """Raise unless a key could be one of a map with text for keys.

    Raises:
        OperandError: The key is neither text nor nil.
    """
    if not isinstance(key, str) and key is not None:
        raise OperandError(
            f"reflect.Value.MapIndex: value of type {type_name(key)} is not assignable to type"
            f" {type_name(mapping)[len('map[') :].partition(']')[0]}"
        )


def is_any_keyed(mapping: Mapping[object, object]) -> bool:
    """Return whether the keys of a map may be of any type."""
    return isinstance(mapping, AnyMap) and mapping.missing != ""


def _has_element(items: Sequence[object], value: object, meter: Meter) -> bool:
    meter.spend(len(items))
    return any(equals(item, value, meter) for item in items)


def _has_byte(items: bytes, value: object, _meter: Meter) -> bool:
    return is_number(value) and any(equal_numbers(item, value) for item in items)


def _has_key(mapping: Mapping[object, object], key: object, _meter: Meter) -> bool:
    if isinstance(mapping, AnyMap) and is_any_keyed(mapping):
        return mapping.has(key)
    check_map_key(mapping, key)
    return ("" if key is None else key) in mapping


def _in_key_set(keys: KeySet, value: object, _meter: Meter) -> bool:
    if value is None:
        return keys.zero in keys.keys
    if type(value) is not type(keys.zero):
        raise OperandError(f"value of type {type_name(value)} is not assignable to the keys' type")
    return value in keys.keys


def _has_field(record: Record, name: object, _meter: Meter) -> bool:
    if not isinstance(name, str):
        raise OperandError(f"cannot use {type_name(name)} as field name of {record.type_name}")
    return name in record.fields


def _has_no_field(structure: object, name: object, _meter: Meter) -> bool:
    """Look for a field of one of Go's own structs: they show none."""
    if not isinstance(name, str):
        kind = type_name(structure).removeprefix("*")
        raise OperandError(f"cannot use {type_name(name)} as field name of {kind}")
    return False


def _can_compare_elements(left: object, right: object) -> bool:
    """Return whether the reference compares two arrays by their elements' values."""
    if not is_array(left) or not is_array(right):
        return False
    names = type_name(left), type_name(right)
    if any(name.startswith(("[2]", "[][2]")) for name in names):
        return False
    return "[]interface {}" in names or names[0] == names[1]


def _equal_elements(left: Sequence[object], right: Sequence[object], meter: Meter) -> bool:
    if len(left) != len(right):
        return False
    meter.visit(len(left))
    return all(equals(one, other, meter) for one, other in zip(left, right, strict=True))


def _identical(left: object, right: object, meter: Meter) -> bool:
    """Compare as Go's reflect.DeepEqual: types must agree all the way down."""
    meter.visit(1)
    if type_name(left) != type_name(right):
        return False
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return left is right or (
            len(left) == len(right)
            and is_nil(left) == is_nil(right)
            and all(_identical(one, other, meter) for one, other in zip(left, right, strict=True))
        )
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left is right or _identical_maps(left, right, meter)
    return left == right


def _identical_maps(
    left: Mapping[object, object], right: Mapping[object, object], meter: Meter
) -> bool:
    return left.keys() == right.keys() and all(
        _identical(item, right[key], meter) for key, item in left.items()
    )


_MEMBERSHIPS: tuple[tuple[type, Callable[..., bool]], ...] = (  # type: ignore[explicit-any]  # one type of collection each
    (type(None), lambda _none, _value, _meter: False),
    (list, _has_element),
    (tuple, _has_element),
    (bytes, _has_byte),
    (KeySet, _in_key_set),
    (Record, _has_field),
    (Time, _has_no_field),
    (Location, _has_no_field),
    (Mapping, _has_key),
)

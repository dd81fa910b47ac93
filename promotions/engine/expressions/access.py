"""Reads members, elements and slices of values; nothing of Python's own attributes is reachable.

Source: https://github.com/expr-lang/expr ``vm/runtime`` Fetch and Slice, ``builtin`` get.
"""

from collections.abc import Mapping

from promotions.engine.expressions.equality import check_map_key, is_any_keyed
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.times import time_method
from promotions.engine.expressions.values import (
    AnyMap,
    NamedInt,
    Record,
    TypedArray,
    as_int,
    format_value,
    from_raw,
    raw_bytes,
    type_name,
)


def fetch(target: object, key: object) -> object:
    """Return the member or element; an absent map key is nil.

    Raises:
        OperandError: The target has no members, not this one, or the index is out of range.
    """
    if isinstance(target, Mapping):
        return _fetch_key(target, key)
    if isinstance(target, (list, tuple, str, bytes)):
        return _fetch_index(target, key)
    if isinstance(target, Record):
        return _fetch_field(target, key)
    if isinstance(key, str) and (method := time_method(target, key)) is not None:
        return method
    raise _cannot_fetch(target, key)


def get(target: object, key: object) -> object:
    """Return the member or element, or nil where there is none.

    Raises:
        OperandError: The key is of a type that the target cannot have.
    """
    if isinstance(target, Mapping):
        return _get_key(target, key)
    if isinstance(target, (list, tuple, str, bytes)):
        return _get_index(target, as_int(key))
    if isinstance(target, Record):
        return _get_field(target, key)
    return time_method(target, key) if isinstance(key, str) else None


def cut(target: object, start: object, stop: object) -> object:
    """Return ``target[start:stop]``; bounds beyond the ends are moved to them.

    Args:
        target: What is cut.
        start: The first index; ``None`` where the text has none.
        stop: The index after the last; ``None`` where the text has none.

    Raises:
        OperandError: The target is neither a string nor an array, or a bound is no number.
    """
    if isinstance(target, str):
        raw = raw_bytes(target)
        low, high = _bounds(len(raw), start, stop)
        return from_raw(raw[low:high])
    if isinstance(target, TypedArray):
        low, high = _bounds(len(target), start, stop)
        return TypedArray(target[low:high], target.element)
    if isinstance(target, (bytes, list, tuple)):
        low, high = _bounds(len(target), start, stop)
        return target[low:high] if isinstance(target, bytes) else list(target[low:high])
    raise OperandError(f"cannot slice {type_name(target)}")


def element(items: str | bytes | list[object] | tuple[object, ...], index: int) -> object:
    """Return an element by an index within the range; of strings and bytes, a byte."""
    if isinstance(items, str):
        return NamedInt(raw_bytes(items)[index], "uint8")
    if isinstance(items, bytes):
        return NamedInt(items[index], "uint8")
    return items[index]


def _cannot_fetch(target: object, key: object) -> OperandError:
    return OperandError(f"cannot fetch {_shown(key)} from {type_name(target)}")


def _shown(key: object) -> str:
    return format_value(key) if isinstance(key, (str, int, float)) else type_name(key)


def _fetch_key(mapping: Mapping[object, object], key: object) -> object:
    if isinstance(mapping, AnyMap) and is_any_keyed(mapping):
        return mapping.find(key)
    if type(key) is not str:
        check_map_key(mapping, key)
    missing = mapping.missing if isinstance(mapping, AnyMap) else None
    return mapping.get("" if key is None else key, missing)


def _get_key(mapping: Mapping[object, object], key: object) -> object:
    if isinstance(mapping, AnyMap) and is_any_keyed(mapping):
        return mapping.find(key) if mapping.has(key) else None
    check_map_key(mapping, key)
    return mapping.get("" if key is None else key)


def _length(items: str | bytes | list[object] | tuple[object, ...]) -> int:
    return len(raw_bytes(items)) if isinstance(items, str) else len(items)


def _fetch_index(target: str | bytes | list[object] | tuple[object, ...], key: object) -> object:
    index, length = as_int(key), _length(target)
    place = index + length if index < 0 else index
    if not 0 <= place < length:
        raise OperandError(f"index out of range: {place} (array length is {length})")
    return element(target, place)


def _get_index(target: str | bytes | list[object] | tuple[object, ...], index: int) -> object:
    length = _length(target)
    return element(target, index) if -length <= index < length else None


def _fetch_field(record: Record, key: object) -> object:
    if isinstance(key, str):
        if key in record.methods:
            return record.methods[key]
        if key in record.fields:
            return record.fields[key]
    raise _cannot_fetch(record, key)


def _get_field(record: Record, key: object) -> object:
    if not isinstance(key, str):
        raise _cannot_fetch(record, key)
    return record.methods.get(key) or record.fields.get(key)


def _bounds(length: int, start: object, stop: object) -> tuple[int, int]:
    low = 0 if start is None else as_int(start)
    high = length if stop is None else as_int(stop)
    low = max(0, low + length if low < 0 else low)
    high = min(length, max(0, high + length if high < 0 else high))
    return min(low, high), high

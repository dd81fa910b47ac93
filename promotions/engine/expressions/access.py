"""Reads members, elements and slices of values; nothing of Python's own attributes is reachable.

Source: https://github.com/expr-lang/expr ``vm/runtime`` Fetch and Slice.
"""

from collections.abc import Mapping

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.times import time_method
from promotions.engine.expressions.values import (
    AnyMap,
    Duration,
    NamedInt,
    Record,
    as_int,
    format_value,
    type_name,
)


def fetch(target: object, key: object) -> object:
    """Return the member or element; an absent map key is nil.

    Raises:
        OperandError: The target has no members, not this one, or the index is out of range.
    """
    if isinstance(target, Record):
        return _fetch_field(target, key)
    if isinstance(target, Mapping):
        return _fetch_key(target, key)
    if isinstance(target, (str, bytes, list, tuple)):
        return _fetch_index(target, key)
    if isinstance(key, str) and (method := time_method(target, key)) is not None:
        return method
    raise OperandError(f"cannot fetch {format_value(key)} from {type_name(target)}")


def get(target: object, key: object) -> object:
    """Return the member or element, or nil where there is none.

    Raises:
        OperandError: The key is of a type that the target cannot have.
    """
    if isinstance(target, Mapping):
        return _fetch_key(target, key)
    if isinstance(target, (str, bytes, list, tuple)):
        index = as_int(key)
        length = len(target) if not isinstance(target, str) else len(_raw(target))
        return _fetch_index(target, index) if -length <= index < length else None
    if isinstance(target, Record) and isinstance(key, str):
        return target.fields.get(key)
    if target is None or isinstance(target, (bool, int, float, Duration)):
        return None
    raise OperandError(f"cannot get {format_value(key)} from {type_name(target)}")


def cut(target: object, start: object, stop: object) -> object:
    """Return ``target[start:stop]``; bounds beyond the ends are moved to them, nil is none.

    Raises:
        OperandError: The target is neither a string nor an array.
    """
    if isinstance(target, str):
        raw = _raw(target)
        low, high = _bounds(len(raw), start, stop)
        return raw[low:high].decode(errors="surrogateescape")
    if isinstance(target, (bytes, list, tuple)):
        low, high = _bounds(len(target), start, stop)
        return target[low:high]
    raise OperandError(f"cannot slice {format_value(target)}")


def _fetch_field(record: Record, key: object) -> object:
    name = format_value(key)
    if name in record.fields:
        return record.fields[name]
    if name in record.methods:
        return record.methods[name]
    raise OperandError(f"cannot fetch {name} from {record.type_name}")


def _fetch_key(mapping: Mapping[object, object], key: object) -> object:
    if isinstance(mapping, AnyMap):
        return mapping.get(key, mapping.missing) if _is_hashable(key) else mapping.missing
    if key is None:
        return mapping.get("")
    if not isinstance(key, str):
        raise OperandError(f"cannot fetch {format_value(key)} from {type_name(mapping)}")
    return mapping.get(key)


def _fetch_index(target: str | bytes | list[object] | tuple[object, ...], key: object) -> object:
    items = _raw(target) if isinstance(target, str) else target
    index = as_int(key)
    place = index + len(items) if index < 0 else index
    if not 0 <= place < len(items):
        raise OperandError(f"index out of range: {index} (array length is {len(items)})")
    item: object = items[place]
    if isinstance(items, bytes) and isinstance(item, int):
        return NamedInt(item, "uint8")
    return item


def _bounds(length: int, start: object, stop: object) -> tuple[int, int]:
    low = 0 if start is None else as_int(start)
    high = length if stop is None else as_int(stop)
    low = max(0, low + length if low < 0 else low)
    high = min(length, max(0, high + length if high < 0 else high))
    return min(low, high), high


def _is_hashable(key: object) -> bool:
    return key is None or isinstance(key, (str, int, float, bool, Duration))


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")

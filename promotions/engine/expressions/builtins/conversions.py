"""Builtins that turn values of one type into another."""

import base64
import math
import re
from collections.abc import Mapping, Sequence

from promotions.engine.expressions.builtins.declarations import (
    NUMBERS,
    Declaration,
    expecting,
    overloaded,
    validated,
)
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json, write_json
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.int64 import wrap
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.natures import ANY, FLOAT, INT, STRING, Kind
from promotions.engine.expressions.values import (
    NamedInt,
    as_float,
    as_text,
    float_to_int,
    format_value,
    from_raw,
    raw_bytes,
    type_name,
)

_MOST_DIGITS = 19
_LONGEST_SHOWN = 100
_INTEGER = re.compile(r"([+-]?)([0-9]+)", re.ASCII)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEXADECIMAL = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII
)
_STRAY_UNDERSCORE = re.compile(r"(?<![0-9])_|_(?![0-9])")
_STRAY_HEXADECIMAL_UNDERSCORE = re.compile(r"(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])")
_SPECIAL = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
_SHORT_NAMES = {"<nil>": "nil", "float64": "float"}


def parse_float(text: str) -> float | None:
    """Return what Go's ParseFloat reads, or ``None`` for an error, out of range included."""
    if _SPECIAL.fullmatch(text):
        return float(text)
    digits = _without_underscores(text)
    if digits is None:
        return None
    try:
        if _HEXADECIMAL.fullmatch(digits):
            return float.fromhex(digits)
        value = float(digits) if _DECIMAL.fullmatch(digits) else math.inf
    except OverflowError:
        return None
    return None if math.isinf(value) else value


def _without_underscores(text: str) -> str | None:
    """Drop underscores that stand between digits or after ``0x``; elsewhere they are an error."""
    is_hexadecimal = "x" in text or "X" in text
    stray = _STRAY_HEXADECIMAL_UNDERSCORE if is_hexadecimal else _STRAY_UNDERSCORE
    return None if stray.search(text) else text.replace("_", "")


def _int(arguments: Sequence[object], _meter: Meter) -> object:
    value = arguments[0]
    if isinstance(value, str):
        return _parse_int(value)
    if isinstance(value, Duration):
        return value.ns
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise OperandError(f"invalid operation: int({type_name(value)})")
    return float_to_int(value) if isinstance(value, float) else wrap(int(value))


def _parse_int(text: str) -> int:
    match = _INTEGER.fullmatch(text)
    digits = match[2].lstrip("0") if match else ""
    value = int(f"{match[1]}{digits or 0}") if match and len(digits) <= _MOST_DIGITS else None
    if value is None or value != wrap(value):
        raise OperandError(f"invalid operation: int({text[:_LONGEST_SHOWN]})")
    return value


def _float(arguments: Sequence[object], _meter: Meter) -> object:
    value = arguments[0]
    if not isinstance(value, str):
        return as_float(value)
    number = parse_float(value)
    if number is None:
        raise OperandError(f"invalid operation: float({value[:_LONGEST_SHOWN]})")
    return number


def _string(arguments: Sequence[object], meter: Meter) -> object:
    value = arguments[0]
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple, Mapping)):
        weigh(value, meter)
    return format_value(value)


def weigh(value: object, meter: Meter) -> None:
    """Count the steps that it takes to look at everything in a value.

    Raises:
        OperandError: There is too much in it.
    """
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            meter.spend_text(len(item))
        elif isinstance(item, (list, tuple)):
            meter.visit(1 + len(item))
            waiting.extend(item)
        elif isinstance(item, Mapping):
            meter.visit(1 + len(item))
            waiting.extend(item.values())


def _type(arguments: Sequence[object], _meter: Meter) -> object:
    value = arguments[0]
    name = type_name(value)
    if isinstance(value, (list, tuple, bytes)):
        return "array"
    if isinstance(value, Mapping):
        return "map"
    if isinstance(value, NamedInt) and "." not in name:
        return name.rstrip("0123456789")
    return _SHORT_NAMES.get(name, name.removeprefix("*"))


def _to_json(arguments: Sequence[object], meter: Meter) -> object:
    text = write_json(arguments[0], indent="  ", meter=meter)
    meter.spend_text(len(text))
    return text


def _from_json(arguments: Sequence[object], meter: Meter) -> object:
    text = as_text(arguments[0])
    meter.spend_text(len(text))
    return read_json(text)


def _to_base64(arguments: Sequence[object], meter: Meter) -> object:
    raw = raw_bytes(as_text(arguments[0]))
    meter.spend_text(len(raw))
    return base64.b64encode(raw).decode()


def _from_base64(arguments: Sequence[object], meter: Meter) -> object:
    text = as_text(arguments[0])
    meter.spend_text(len(text))
    text = text.replace("\n", "").replace("\r", "")
    if not _BASE64.fullmatch(text):
        raise OperandError("illegal base64 data")
    return from_raw(base64.b64decode(text))


_NUMBERS_AND_TEXT = NUMBERS | {Kind.STRING}

FUNCTIONS: tuple[Declaration, ...] = (
    validated("int", _int, expecting("int", _NUMBERS_AND_TEXT, INT)),
    validated("float", _float, expecting("float", _NUMBERS_AND_TEXT, FLOAT)),
    overloaded("string", _string, STRING, (ANY,)),
    overloaded("type", _type, STRING, (ANY,)),
    overloaded("toJSON", _to_json, STRING, (ANY,)),
    overloaded("fromJSON", _from_json, ANY, (STRING,)),
    overloaded("toBase64", _to_base64, STRING, (STRING,)),
    overloaded("fromBase64", _from_base64, STRING, (STRING,)),
)

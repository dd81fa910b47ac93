"""Builtins that turn values of one type into another."""

import base64
import binascii
import math
import re
from collections.abc import Mapping, Sequence

from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json, write_json
from promotions.engine.expressions.values import (
    LARGEST_INT,
    Function,
    NamedInt,
    Record,
    as_text,
    float_to_int,
    format_value,
    type_name,
)

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_HEXADECIMAL = re.compile(
    r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+", re.ASCII
)
_STRAY_UNDERSCORE = re.compile(r"^_|_$|(?<![0-9a-f])_|_(?![0-9a-f])")
_SPECIAL = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
_SHORT_NAMES = {
    "<nil>": "nil",
    "float64": "float",
    "uint8": "uint",
    "int64": "int",
    "[]interface {}": "array",
    "[]uint8": "array",
    "*time.Location": "time.Location",
}


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
    if _STRAY_UNDERSCORE.search(text.lower().removeprefix("0x") if "_" in text else ""):
        return None
    return text.replace("_", "")


def _int(arguments: Sequence[object]) -> object:
    value = arguments[0]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise OperandError(f"invalid operation: int({type_name(value)})")
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value) or not -LARGEST_INT - 1 <= int(value) <= LARGEST_INT:
            raise OperandError(f"invalid operation: int({value})")
        return int(value)
    return float_to_int(value) if isinstance(value, float) else int(value)


def _float(arguments: Sequence[object]) -> object:
    value = arguments[0]
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise OperandError(f"invalid operation: float({type_name(value)})")
    number = parse_float(value) if isinstance(value, str) else float(value)
    if number is None:
        raise OperandError(f"invalid operation: float({value})")
    return number


def _string(arguments: Sequence[object]) -> object:
    return format_value(arguments[0]) if not isinstance(arguments[0], str) else arguments[0]


def _type(arguments: Sequence[object]) -> object:
    value = arguments[0]
    if isinstance(value, Mapping):
        return "map"
    if isinstance(value, (Record, NamedInt)) and "." in type_name(value):
        return type_name(value)
    return _SHORT_NAMES.get(type_name(value), type_name(value))


def _to_json(arguments: Sequence[object]) -> object:
    return write_json(arguments[0], indent="  ")


def _from_json(arguments: Sequence[object]) -> object:
    return read_json(as_text(arguments[0]))


def _to_base64(arguments: Sequence[object]) -> object:
    return base64.b64encode(as_text(arguments[0]).encode(errors="surrogateescape")).decode()


def _from_base64(arguments: Sequence[object]) -> object:
    text = as_text(arguments[0]).replace("\n", "").replace("\r", "")
    try:
        raw = base64.b64decode(text.encode(errors="replace"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise OperandError(f"illegal base64 data: {error}") from error
    return raw.decode(errors="surrogateescape")


FUNCTIONS = (
    Function("int", _int, 1, 1, ("number or string",)),
    Function("float", _float, 1, 1, ("number or string",)),
    Function("string", _string, 1, 1, ("any",)),
    Function("type", _type, 1, 1, ("any",)),
    Function("toJSON", _to_json, 1, 1, ("any",)),
    Function("fromJSON", _from_json, 1, 1, ("string",)),
    Function("toBase64", _to_base64, 1, 1, ("string",)),
    Function("fromBase64", _from_base64, 1, 1, ("string",)),
)

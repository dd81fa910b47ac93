"""Writes and reads JSON exactly as Go's encoding/json does."""

import base64
import json
import math
from collections.abc import Mapping
from datetime import datetime

from common.jsontypes import JSONValue
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.values import (
    Duration,
    NamedInt,
    Record,
    format_float,
    format_time,
    type_name,
)

_DEEPEST = 100
_SMALLEST_PLAIN = 1e-6
_LARGEST_PLAIN = 1e21
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def to_json(value: object, depth: int = 0) -> JSONValue:
    """Return the value as plain JSON: records by their JSON names, times and durations as Go's.

    Raises:
        OperandError: It holds something JSON cannot, such as a function.
    """
    if depth > _DEEPEST:
        raise OperandError("the value is nested too deeply")
    if isinstance(value, Record):
        return to_json(value.shown, depth + 1)
    if isinstance(value, Mapping):
        return {_key(key): to_json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item, depth + 1) for item in value]
    return _scalar_to_json(value)


def _scalar_to_json(value: object) -> JSONValue:
    if isinstance(value, NamedInt):
        return int(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Duration):
        return value.ns
    if isinstance(value, (bytes, datetime)):
        return (
            format_time(value) if isinstance(value, datetime) else base64.b64encode(value).decode()
        )
    raise OperandError(f"json: unsupported type: {type_name(value)}")


def write_json(value: object, *, indent: str | None = None, escape_html: bool = True) -> str:
    """Return JSON text with sorted keys; compact unless ``indent`` is given.

    Raises:
        OperandError: It holds something JSON cannot, NaN and infinities included.
    """
    return _Writer(indent, escape_html=escape_html).write(to_json(value), "")


def read_json(text: str) -> JSONValue:
    """Return the parsed text with every number as a float, as Go does.

    Raises:
        OperandError: The text is not JSON.
    """
    try:
        value: JSONValue = json.loads(
            text, parse_int=_float, parse_float=_float, parse_constant=_refuse
        )
    except (ValueError, RecursionError) as error:
        raise OperandError(f"invalid JSON: {error}") from error
    return value


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} does not fit a float")
    return number


def _key(key: object) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str):
        return key
    if isinstance(key, int):
        return str(int(key))
    raise OperandError(f"json: unsupported type: map[{type_name(key)}]")


class _Writer:
    def __init__(self, indent: str | None, *, escape_html: bool) -> None:
        self.indent = indent
        self.escape_html = escape_html

    def write(self, value: JSONValue, margin: str) -> str:
        if isinstance(value, Mapping):
            colon = ":" if self.indent is None else ": "
            inner = margin + (self.indent or "")
            pairs = sorted(value.items(), key=lambda pair: pair[0].encode(errors="replace"))
            items = [f"{self._string(key)}{colon}{self.write(it, inner)}" for key, it in pairs]
            return self._wrapped("{", items, "}", margin)
        if isinstance(value, (list, tuple)):
            inner = margin + (self.indent or "")
            return self._wrapped("[", [self.write(it, inner) for it in value], "]", margin)
        return self._scalar(value)

    def _wrapped(self, start: str, items: list[str], end: str, margin: str) -> str:
        if not items or self.indent is None:
            return f"{start}{','.join(items)}{end}"
        inner = f"\n{margin}{self.indent}"
        return f"{start}{inner}{f',{inner}'.join(items)}\n{margin}{end}"

    def _scalar(self, value: JSONValue) -> str:
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, float):
            return _number(value)
        return json.dumps(value)

    def _string(self, text: str) -> str:
        clean = text.encode(errors="surrogateescape").decode(errors="replace")
        quoted = json.dumps(clean, ensure_ascii=False)
        for char, escape in _ESCAPES.items():
            if self.escape_html or char not in "<>&":
                quoted = quoted.replace(char, escape)
        return quoted


def _number(value: float) -> str:
    if math.isnan(value) or math.isinf(value):
        raise OperandError(f"json: unsupported value: {format_float(value)}")
    size = abs(value)
    if size and (size < _SMALLEST_PLAIN or size >= _LARGEST_PLAIN):
        text = f"{value!r}"
        mantissa, _, exponent = text.partition("e")
        if exponent:
            return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0')}"
        return format_float(value)
    text = f"{value:.17g}" if "e" in f"{value!r}" else f"{value!r}"
    if "e" in text:
        text = f"{value:.0f}" if size >= 1 else format(value, ".20f").rstrip("0")
    return text.removesuffix(".0")

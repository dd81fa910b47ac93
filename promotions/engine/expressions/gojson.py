"""Writes and reads JSON exactly as Go's encoding/json does."""

import base64
import json
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from common.jsontypes import JSONValue
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.formatting import format_rfc3339
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.zones import Location
from promotions.engine.expressions.meter import Meter
from promotions.engine.expressions.values import (
    NamedInt,
    Record,
    format_float,
    is_nil,
    map_items,
    raw_bytes,
    type_name,
)

_DEEPEST = 100
_SMALLEST_PLAIN = 1e-6
_LARGEST_PLAIN = 1e21
_SURROGATE = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
_SURROGATE_HALF = re.compile(r"[\ud800-\udfff]")
_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


_SCALARS: tuple[tuple[type, Callable[..., JSONValue]], ...] = (  # type: ignore[explicit-any]  # one type each
    (NamedInt, int),
    (int, lambda value: value),
    (float, lambda value: value),
    (Duration, lambda value: value.ns),
    (bytes, lambda value: base64.b64encode(value).decode()),
    (Time, format_rfc3339),
    (Location, lambda _: {}),
)


def to_json(value: object, meter: Meter | None = None) -> JSONValue:
    """Return the value as plain JSON: records by their JSON names, times and durations as Go's.

    Args:
        value: Any value of an expression.
        meter: What pays for it; a new one if there is none.

    Raises:
        OperandError: It holds something JSON cannot, such as a function, or is too large.
    """
    return _to_json(value, meter or Meter(), 0)


def _to_json(value: object, meter: Meter, depth: int) -> JSONValue:
    if depth > _DEEPEST:
        raise OperandError("the value is nested too deeply")
    if isinstance(value, str):
        meter.spend_text(len(value))
        return value
    meter.visit(1)
    if isinstance(value, Record):
        return _to_json(value.shown, meter, depth + 1)
    if isinstance(value, Mapping) and not is_nil(value):
        return {_key(key): _to_json(it, meter, depth + 1) for key, it in map_items(value)}
    if isinstance(value, (list, tuple)) and not is_nil(value):
        return [_to_json(item, meter, depth + 1) for item in value]
    return _scalar_to_json(value)


def _scalar_to_json(value: object) -> JSONValue:
    if is_nil(value):
        return None
    for kind, convert in _SCALARS:
        if isinstance(value, kind):
            return convert(value)
    raise OperandError(f"json: unsupported type: {type_name(value)}")


def write_json(
    value: object,
    *,
    indent: str | None = None,
    escape_html: bool = True,
    meter: Meter | None = None,
) -> str:
    """Return JSON text with sorted keys; compact unless ``indent`` is given.

    Raises:
        OperandError: It holds something JSON cannot, NaN and infinities included, or is too large.
    """
    return _Writer(indent, escape_html=escape_html).write(to_json(value, meter), "")


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
    return _without_surrogates(value) if _SURROGATE.search(text) else value


def _without_surrogates(value: JSONValue) -> JSONValue:
    """Replace halves of surrogate pairs, which Go's strings cannot hold."""
    if isinstance(value, str):
        return _SURROGATE_HALF.sub("\ufffd", value)
    if isinstance(value, Mapping):
        pairs = ((_SURROGATE_HALF.sub("\ufffd", key), item) for key, item in value.items())
        return {key: _without_surrogates(item) for key, item in pairs}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} does not fit a float")
    return number


def _key(key: object) -> str:
    """Return the text of a map's key: only texts and integers can be one."""
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    if isinstance(key, Duration):
        return str(key.ns)
    raise OperandError("json: unsupported value: object member name must be a string")


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
        clean = raw_bytes(text).decode(errors="replace")
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
        mantissa, _, exponent = f"{value!r}".partition("e")
        return f"{mantissa.removesuffix('.0')}e{exponent[0]}{exponent[1:].lstrip('0')}"
    # Between these sizes Go writes the shortest digits that read back, padded with zeros.
    return f"{Decimal(repr(value)):f}".removesuffix(".0")

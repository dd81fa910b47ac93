"""How does Go print a value, where users have come to rely on it?

Source: Go ``fmt`` verb ``%v``, and ``strconv`` ParseFloat and ParseBool.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

import orjson

from common.jsontypes import JSONValue

_BOOLEANS = frozenset(
    {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}
)
_DIGITS = r"\d+(?:_\d+)*"
_HEX = r"[0-9a-f]+(?:_[0-9a-f]+)*"
_FLOAT = re.compile(
    rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:e[+-]?{_DIGITS})?"
    rf"|[+-]?0x_?(?:{_HEX}\.?(?:{_HEX})?|\.{_HEX})p[+-]?\d+"
    r"|[+-]?inf(?:inity)?|nan",
    re.IGNORECASE | re.ASCII,
)
_PLAIN_POWERS = range(-4, 6)
_CONTROL = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")


def plain_text(value: JSONValue) -> str:
    """Return the value as ``%v`` prints it: ``true``, ``1.5``, ``<nil>``, ``[a b]``."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case float():
            return _float_text(value)
        case str() | int():
            return str(value)
        case _:
            return _collection_text(value)


def quoted_if_necessary(value: JSONValue) -> str:
    """Return the text of a value, in double quotes if it is a string that reads as another type.

    Source: Kargo ``pkg/yaml`` QuoteIfNecessary.
    """
    if not isinstance(value, str):
        return plain_text(value)
    mistakable = value in _BOOLEANS or _FLOAT.fullmatch(value) or _is_json(value)
    return double_quoted(value) if mistakable else value


def double_quoted(text: str) -> str:
    """Return the text as a double-quoted scalar, valid in YAML and in JSON."""
    return _CONTROL.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _collection_text(value: Sequence[JSONValue] | Mapping[str, JSONValue]) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{key}:{plain_text(value[key])}" for key in sorted(value))
        return f"map[{' '.join(pairs)}]"
    return f"[{' '.join(map(plain_text, value))}]"


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _float_text(number: float) -> str:
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        return {"inf": "+Inf", "-inf": "-Inf"}.get(repr(number), "NaN")
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = len(shown) - 1 + int(exponent)
    prefix = "-" if sign else ""
    if number == 0:
        return f"{prefix}0"
    if power in _PLAIN_POWERS:
        return f"{prefix}{format(abs(Decimal(repr(number)).normalize()), 'f')}"
    mantissa = f"{shown[0]}.{shown[1:]}" if len(shown) > 1 else shown
    return f"{prefix}{mantissa}e{'-' if power < 0 else '+'}{abs(power):02d}"

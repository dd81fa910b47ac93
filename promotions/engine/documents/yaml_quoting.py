"""When does a YAML scalar need quotes, and how is a value written as one?"""

import math
import re

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.documents.gotext import plain_text
from promotions.engine.documents.json_nodes import is_json
from promotions.engine.documents.yaml_nodes import Kind, compose_first
from promotions.engine.documents.yaml_values import resolved_tag
from promotions.engine.goquote import go_quote

_BOOLEANS = frozenset(
    {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}
)
_DIGITS = r"\d+(?:_\d+)*+"
_DECIMAL = re.compile(
    rf"[+-]?+(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:e[+-]?{_DIGITS})?",
    re.IGNORECASE | re.ASCII,
)
_HEX_DIGITS = r"[0-9a-f]+(?:_[0-9a-f]+)*+"
_HEXADECIMAL = re.compile(
    rf"[+-]?+0x_?(?:{_HEX_DIGITS}\.?(?:{_HEX_DIGITS})?|\.{_HEX_DIGITS})p[+-]?\d+(?:_\d+)*+",
    re.IGNORECASE | re.ASCII,
)
_SPECIAL = re.compile(r"[+-]?inf(?:inity)?|nan", re.IGNORECASE)
_OCTAL = re.compile(r"[+-]?0o[0-7_]+")
_STAYS_TEXT = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"})


def quoted_if_necessary(value: JSONValue) -> str:
    """Return the text of a value, in double quotes if it is a string that reads as another type.

    Source: Kargo ``pkg/yaml`` QuoteIfNecessary.
    """
    if not isinstance(value, str):
        return plain_text(value)
    mistakable = value in _BOOLEANS or _is_go_float(value) or is_json(value)
    return go_quote(value) if mistakable else value


def scalar_text(value: JSONValue, *, in_flow: bool = False) -> str:
    """Return a value as a YAML scalar that reads back as the same value.

    Kargo quotes too little: what would be a comment, an alias, several lines or a word such as
    ``yes`` is in double quotes here. Only the empty string stays empty, outside of ``[…]`` and
    ``{…}``, as it does there.

    Raises:
        InvalidError: The value is an array or an object.
    """
    if value is None:
        return "null"
    if not isinstance(value, str | int | float):
        raise InvalidError("value is not a scalar")
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": ".inf", "-inf": "-.inf"}.get(repr(value), ".nan")
    text = quoted_if_necessary(value)
    if not isinstance(value, str) or text != value or (value == "" and not in_flow):
        return text
    return text if _reads_back(value, in_flow=in_flow) else go_quote(value)


def _is_go_float(text: str) -> bool:
    """Return whether Go's ParseFloat takes the text; it refuses what is out of range."""
    if _DECIMAL.fullmatch(text):
        return math.isfinite(float(text))
    if _HEXADECIMAL.fullmatch(text):
        return _is_hexadecimal_in_range(text)
    return _SPECIAL.fullmatch(text) is not None


def _is_hexadecimal_in_range(text: str) -> bool:
    try:
        return math.isfinite(float.fromhex(text.replace("_", "")))
    except OverflowError:
        return False


def _reads_back(value: str, *, in_flow: bool) -> bool:
    """Return whether a string may stand without quotes, by reading it so."""
    if "\t" in value or (in_flow and "?" in value):  # not every parser takes them
        return False
    try:
        root = compose_first(f"[{value}]" if in_flow else f"k: {value}\n")
    except InvalidError:
        return False
    if root is None or len(root.children) != (1 if in_flow else 2):
        return False
    node = root.children[-1]
    return (
        node.kind is Kind.SCALAR
        and node.is_plain
        and node.value == value
        and resolved_tag(node) in _STAYS_TEXT
        and not _OCTAL.fullmatch(value)
    )

"""Gives the text of an evaluated template the type that Kargo would.

Source: Kargo ``pkg/expressions`` EvaluateTemplate.
"""

import re

from common.jsontypes import JSONValue
from promotions.engine.expressions.builtins.conversions import parse_float
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json

_SHORTEST_QUOTED = 2
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_JSON_START = re.compile(r"\s*[-{\[0-9ntf\"]")


def coerce(text: str) -> JSONValue:
    """Return the number, boolean, object, array or null that ``text`` spells, else the text.

    Text in double quotes is what stands between them, whatever that is. One trailing newline is
    overlooked, and kept if a string comes out. Every number is a float, as in Go.
    """
    bare = text.removesuffix("\n")
    newline = text[len(bare) :]
    if len(bare) >= _SHORTEST_QUOTED and bare[0] == bare[-1] == '"':
        return f"{bare[1:-1]}{newline}"
    number = parse_float(bare)
    if number is not None:
        return number
    verdict = parse_bool(bare)
    return _json_or_text(bare, text) if verdict is None else verdict


def parse_bool(text: str) -> bool | None:
    """Return what Go's ParseBool reads, or ``None`` if it would refuse."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def _json_or_text(bare: str, text: str) -> JSONValue:
    if _JSON_START.match(bare) is None:
        return text
    try:
        return read_json(bare)
    except OperandError:
        return text

"""A tiny stand-in for the template renderer: one dotted name or one call per string."""

import re
from collections.abc import Mapping
from typing import cast

from common.errors import InvalidError
from common.jsontypes import JSONValue
from promotions.engine.expressions.values import Function

_EXPRESSION = re.compile(r"\$\{\{ (?P<name>[\w.]+)(?P<call>\((?:'(?P<argument>[^']*)')?\))? \}\}")


def render(value: JSONValue, env: Mapping[str, object]) -> JSONValue:
    """Replace a string that is one expression by what the environment has there."""
    match = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    found: object = env
    for part in match["name"].split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise InvalidError(f"unknown name {match['name']}")
        found = found[part]
    if match["call"] and isinstance(found, Function):
        found = found.call([] if match["argument"] is None else [match["argument"]])
    return cast("JSONValue", found)

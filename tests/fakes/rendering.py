"""A tiny stand-in for the template renderer: one dotted name or one call per string."""

import re
from collections.abc import Mapping
from typing import cast

from common.jsontypes import JSONValue
from promotions.engine.expressions.fields import FieldExpressionError, key_path
from promotions.engine.expressions.values import Function

_EXPRESSION = re.compile(r"\$\{\{ (?P<name>[\w.]+)(?P<call>\((?:'(?P<argument>[^']*)')?\))? \}\}")


def render(value: JSONValue, env: Mapping[str, object], *, path: str = "") -> JSONValue:
    """Replace every string that is one expression by what the environment has there."""
    if isinstance(value, Mapping):
        return {key: render(item, env, path=key_path(path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [render(item, env, path=f"{path}[{index}]") for index, item in enumerate(value)]
    match = _EXPRESSION.fullmatch(value) if isinstance(value, str) else None
    return value if match is None else _evaluated(match, env, path)


def _evaluated(match: re.Match[str], env: Mapping[str, object], path: str) -> JSONValue:
    found: object = env
    for part in match["name"].split("."):
        if not isinstance(found, Mapping) or part not in found:
            raise FieldExpressionError(f"unknown name {match['name']}", path=path)
        found = found[part]
    if match["call"] and isinstance(found, Function):
        found = found.call([] if match["argument"] is None else [match["argument"]])
    return cast("JSONValue", found)

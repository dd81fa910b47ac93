"""Runs the cases of the expression language."""

import base64
import json
from collections.abc import Mapping
from datetime import datetime

from common.errors import PlatformError
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.values import (
    AnyMap,
    Duration,
    Location,
    NamedInt,
    format_float,
    format_time,
)
from tests.conformance.cases import Case, Outcome

Tagged = dict[str, object]


def run(case: Case) -> Outcome:
    try:
        value = compile_expression(str(case["expr"])).evaluate(case["env"] or {})
    except PlatformError as error:
        return Outcome.of_error(case["expect"], error)
    got = tagged(value)
    expected = comparable(case["expect"])
    return Outcome(canonical(got) == canonical(expected), expected, got)


def canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def comparable(expect: Tagged) -> Tagged:
    """Leave out what only informs; numbers in their one spelling."""
    kind = expect.get("type")
    if kind == "float" and not isinstance(expect["value"], str):
        return {"type": "float", "value": format_float(float(str(expect["value"])))}
    if kind == "array":
        return {"type": kind, "value": [comparable(it) for it in expect["value"]]}
    if kind == "map" and "entries" in expect:
        pairs = [[comparable(key), comparable(it)] for key, it in expect["entries"]]
        return {"type": kind, "entries": sorted(pairs, key=canonical)}
    if kind == "map":
        return {"type": kind, "value": {k: comparable(v) for k, v in expect["value"].items()}}
    if kind == "time":
        return {"type": kind, "value": expect["value"]}
    return expect


def tagged(value: object) -> Tagged:
    if value is None:
        return {"type": "nil"}
    if isinstance(value, bool):
        return {"type": "bool", "value": value}
    if isinstance(value, NamedInt):
        return {"go_type": value.go_type, "type": "int", "value": int(value)}
    if isinstance(value, int):
        return {"type": "int", "value": value}
    if isinstance(value, float):
        return {"type": "float", "value": format_float(value)}
    return tagged_object(value)


def tagged_object(value: object) -> Tagged:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raw = value.encode(errors="surrogateescape")
            return {"type": "string", "base64": base64.b64encode(raw).decode()}
        return {"type": "string", "value": value}
    if isinstance(value, bytes):
        return {"type": "bytes", "value": base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return {"type": "array", "value": [tagged(item) for item in value]}
    if isinstance(value, AnyMap) and not all(isinstance(key, str) for key in value):
        pairs = [[tagged(key), tagged(item)] for key, item in value.items()]
        return {"type": "map", "entries": sorted(pairs, key=canonical)}
    if isinstance(value, Mapping):
        return {"type": "map", "value": {key: tagged(item) for key, item in value.items()}}
    return tagged_moment(value)


def tagged_moment(value: object) -> Tagged:
    if isinstance(value, Duration):
        return {"type": "duration", "value": str(value), "ns": value.ns}
    if isinstance(value, datetime):
        return {"type": "time", "value": format_time(value)}
    if isinstance(value, Location):
        return {"type": "location", "value": value.name}
    return {"type": type(value).__name__}

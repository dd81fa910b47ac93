"""Runs the cases of the expression language."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

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
from tests.conformance.cases import Outcome
from tests.conformance.vectors import Case

Tagged = dict[str, Any]


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
    if kind == "map":
        return _comparable_map(expect)
    if kind == "float" and not isinstance(expect["value"], str):
        return {"type": "float", "value": format_float(float(expect["value"]))}
    if kind == "array":
        return {"type": kind, "value": [comparable(it) for it in expect["value"]]}
    return {"type": kind, "value": expect["value"]} if kind == "time" else expect


def _comparable_map(expect: Tagged) -> Tagged:
    if "entries" in expect:
        pairs = [[comparable(key), comparable(it)] for key, it in expect["entries"]]
        return {"type": "map", "entries": sorted(pairs, key=canonical)}
    return {"type": "map", "value": {key: comparable(it) for key, it in expect["value"].items()}}


def tagged(value: object) -> Tagged:
    for kind, tag in _TAGGERS:
        if isinstance(value, kind):
            return tag(value)
    return {"type": type(value).__name__}


def _text(value: str) -> Tagged:
    try:
        value.encode()
    except UnicodeEncodeError:
        raw = value.encode(errors="surrogateescape")
        return {"type": "string", "base64": base64.b64encode(raw).decode()}
    return {"type": "string", "value": value}


def _mapping(value: Mapping[object, object]) -> Tagged:
    if isinstance(value, AnyMap) and not all(isinstance(key, str) for key in value):
        pairs = [[tagged(key), tagged(item)] for key, item in value.items()]
        return {"type": "map", "entries": sorted(pairs, key=canonical)}
    return {"type": "map", "value": {str(key): tagged(item) for key, item in value.items()}}


def _array(value: Sequence[object]) -> Tagged:
    return {"type": "array", "value": [tagged(item) for item in value]}


_TAGGERS: tuple[tuple[type, Callable[[Any], Tagged]], ...] = (
    (type(None), lambda _: {"type": "nil"}),
    (bool, lambda value: {"type": "bool", "value": value}),
    (NamedInt, lambda it: {"go_type": it.go_type, "type": "int", "value": int(it)}),
    (int, lambda value: {"type": "int", "value": value}),
    (float, lambda value: {"type": "float", "value": format_float(value)}),
    (str, _text),
    (bytes, lambda it: {"type": "bytes", "value": base64.b64encode(it).decode()}),
    (list, _array),
    (tuple, _array),
    (Mapping, _mapping),
    (Duration, lambda it: {"type": "duration", "value": str(it), "ns": it.ns}),
    (datetime, lambda it: {"type": "time", "value": format_time(it)}),
    (Location, lambda it: {"type": "location", "value": it.name}),
)

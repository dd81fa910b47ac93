"""Runs the cases of the expression language."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.errors import PlatformError
from promotions.engine.expressions.builtins.dates import NOW, now_function
from promotions.engine.expressions.environment import Environment
from promotions.engine.expressions.gotime.durations import Duration
from promotions.engine.expressions.gotime.formatting import format_time
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.layouts import RFC3339_NANO
from promotions.engine.expressions.gotime.zones import Location
from promotions.engine.expressions.language import (
    Expression,
    compile_expression,
    compile_typed,
)
from promotions.engine.expressions.values import NamedInt, format_float, map_items, raw_bytes
from tests.conformance.cases import Outcome
from tests.conformance.vectors import Case

Tagged = dict[str, Any]

_NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def run(case: Case) -> Outcome:
    return _outcome(case, case["expect"], compile_expression)


def run_typed(case: Case, mode: str) -> Outcome:
    """Run a case as compiled with its environment's types, as analysis conditions are.

    Args:
        case: The case.
        mode: ``typed_env``, or ``typed_env_allow_undefined`` where unknown names are nil.
    """
    strict = mode == "typed_env"
    expect = case.get("other_modes", {}).get(mode, case["expect"])
    return _outcome(case, expect, lambda text: compile_typed(text, case["env"], strict=strict))


def _outcome(case: Case, expect: Tagged, compiled: Callable[[str], Expression]) -> Outcome:
    try:
        value = compiled(str(case["expr"])).evaluate(_environment(case))
    except PlatformError as error:
        return Outcome.of_error(expect, error)
    got = tagged(value)
    expected = comparable(expect)
    return Outcome(canonical(got) == canonical(expected), expected, got)


def _environment(case: Case) -> Environment:
    return Environment(case["env"] or {}, {NOW: now_function(lambda: _NOW)})


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
    return expect


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
        return {"type": "string", "base64": base64.b64encode(raw_bytes(value)).decode()}
    return {"type": "string", "value": value}


def _mapping(value: Mapping[object, object]) -> Tagged:
    items = list(map_items(value))
    if all(isinstance(key, str) for key, _ in items):
        return {"type": "map", "value": {str(key): tagged(item) for key, item in items}}
    pairs = [[tagged(key), tagged(item)] for key, item in items]
    return {"type": "map", "entries": sorted(pairs, key=canonical)}


def _time(value: Time) -> Tagged:
    text = format_time(value, RFC3339_NANO)
    name, offset, _ = value.zone
    shown = {"string": format_time(value), "zone": name, "offset": offset}
    return {"type": "time", "value": text, **shown}


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
    (Time, _time),
    (Location, lambda it: {"type": "location", "value": it.name}),
)

"""Our schemas accept what Kargo's do: steps that work on files."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promotions import wiring
from promotions.engine.schema import ConfigSchema
from tests.conformance.vectors import DIRECTORY

SCHEMAS = DIRECTORY.parent / "reference" / "data" / "step-schemas"
if not SCHEMAS.is_dir():
    pytest.skip(f"Kargo's step schemas are not in {SCHEMAS}", allow_module_level=True)

ODD: list[Any] = [None, "", "x", 0, 1, -1, 1.5, 2**31 - 1, 2**31, True, False, [], [""], ["x"], {}]
UPDATE = {"key": "a.b", "value": "v"}
OUTPUT = {"name": "a", "fromExpression": "b.c"}
UPDATED = {"path": "a", "updates": [UPDATE]}
PARSED = {"path": "a", "outputs": [OUTPUT]}
MOVED = {"inPath": "a", "outPath": "b"}
COMPLETE: dict[str, dict[str, Any]] = {
    "copy": {**MOVED, "ignore": "*.md"},
    "delete": {"paths": ["a"], "pathsAreGlobs": True, "strict": True},
    "file-write": {"path": "a", "contents": "b", "permissions": "0644", "overwrite": True},
    "json-parse": PARSED,
    "json-update": UPDATED,
    "tar": {**MOVED, "ignore": ".git", "gzip": True},
    "toml-parse": PARSED,
    "toml-update": UPDATED,
    "untar": {**MOVED, "ignore": ".git", "stripComponents": 1},
    "yaml-merge": {"inFiles": ["a", ""], "outFile": "b", "ignoreMissingFiles": True},
    "yaml-parse": PARSED,
    "yaml-update": UPDATED,
}
MORE: dict[str, list[dict[str, Any]]] = {
    "delete": [{"path": "a"}, {"path": "a", "paths": ["b"]}, {"path": "", "paths": ["b"]}, {}],
    "file-write": [
        {"path": "a", "contents": "", "permissions": mode}
        for mode in ("0600", "600", "0900", "00644", "1644", "0755", "06440", "u+x")
    ],
}
# Kargo's schema refuses these, its validator takes them: an empty value is as if it were absent.
OURS_ALONE = {"delete": [{"path": "", "paths": ["b"]}]}


def variations(kind: str) -> list[dict[str, Any]]:
    """Return the complete configuration, and others that differ from it in one place."""
    whole = COMPLETE[kind]
    found = [whole, {}, {**whole, "unknown": 1}, *MORE.get(kind, [])]
    found += [{key: it for key, it in whole.items() if key != name} for name in whole]
    found += [{**whole, name: value} for name in whole for value in ODD]
    for name, item in (("updates", UPDATE), ("outputs", OUTPUT)):
        if name in whole:
            found += [{**whole, name: [value]} for value in ODD]
            found += [{**whole, name: [{**item, "unknown": 1}]}, {**whole, name: [item, item]}]
            found += [{**whole, name: [{**item, key: it}]} for key in item for it in ODD]
            found += [{**whole, name: [{key: it}]} for key, it in item.items()]
    return found


@pytest.mark.parametrize("kind", COMPLETE)
def test_a_configuration_is_accepted_if_kargos_schema_accepts_it(kind: str) -> None:
    theirs = Draft202012Validator(json.loads((SCHEMAS / f"{kind}-config.json").read_text()))
    ours = ConfigSchema(kind, wiring.step_registry().find(kind).schema)

    for config in variations(kind):
        expected = theirs.is_valid(config) or config in OURS_ALONE.get(kind, [])
        assert (not ours.problems(config)) is expected, config

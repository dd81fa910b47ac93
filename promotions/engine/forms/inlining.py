"""Turns a JSON Schema that people wrote into one without references, of a bounded size.

A schema without references costs no more to check than it is long: none of them can lead in
circles, double at each step, or lead out of the schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list

MAX_NODES = 2_000
MAX_DEPTH = 40

_SCHEMAS = frozenset(
    {
        "additionalItems",
        "additionalProperties",
        "contains",
        "else",
        "if",
        "not",
        "propertyNames",
        "then",
    }
)
_LISTS = frozenset({"allOf", "anyOf", "items", "oneOf"})
_MAPS = frozenset({"dependencies", "patternProperties", "properties"})
_LEFT_OUT = frozenset({"$comment", "$defs", "$id", "$schema", "definitions", "id"})


def inlined(schema: JSONObject) -> JSONObject:
    """Return the schema with each reference replaced by what it refers to.

    Raises:
        InvalidError: A reference leads elsewhere than into this schema, to nothing, or in a
            circle; or there are too many values, or too many levels, once all are followed.
    """
    result = _Inlining(schema).schema(schema, trail=(), depth=0)
    return result if isinstance(result, Mapping) else {}


@dataclass(slots=True)
class _Inlining:
    root: JSONObject
    nodes: int = 0

    def schema(self, value: JSONValue, *, trail: tuple[str, ...], depth: int) -> JSONValue:
        self._count(depth)
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str):
            if reference in trail:
                raise InvalidError(f'"$ref": "{reference}" leads in a circle')
            target = self._target(reference)
            return self.schema(target, trail=(*trail, reference), depth=depth + 1)
        return {
            key: self._keyword(key, item, trail, depth + 1)
            for key, item in value.items()
            if key not in _LEFT_OUT
        }

    def _keyword(self, key: str, value: JSONValue, trail: tuple[str, ...], depth: int) -> JSONValue:
        if key in _MAPS and isinstance(value, Mapping):
            return {name: self._part(it, trail, depth) for name, it in value.items()}
        if key in _SCHEMAS or (key in _LISTS and isinstance(value, Mapping)):
            return self.schema(value, trail=trail, depth=depth)
        if key in _LISTS:
            return [self.schema(it, trail=trail, depth=depth) for it in as_list(value)]
        self._count_all(value, depth)
        return value

    def _part(self, value: JSONValue, trail: tuple[str, ...], depth: int) -> JSONValue:
        """Return a schema, or (in ``dependencies``) a list of names."""
        if isinstance(value, Mapping | bool):
            return self.schema(value, trail=trail, depth=depth)
        self._count_all(value, depth)
        return value

    def _target(self, reference: str) -> JSONValue:
        if reference != "#" and not reference.startswith("#/"):
            raise InvalidError(
                f'"$ref": "{reference}" leads out of the schema; refer to a part of it,'
                " such as #/definitions/name"
            )
        found: JSONValue = self.root
        for part in reference.split("/")[1:]:
            found = _member(found, unquote(part).replace("~1", "/").replace("~0", "~"))
        if not isinstance(found, Mapping | bool):
            raise InvalidError(f'"$ref": "{reference}" refers to nothing that is a schema')
        return found

    def _count(self, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise InvalidError(f"the schema has more than {MAX_NODES} parts")
        if depth > MAX_DEPTH:
            raise InvalidError(f"the schema is nested deeper than {MAX_DEPTH} levels")

    def _count_all(self, value: JSONValue, depth: int) -> None:
        self._count(depth)
        parts = value.values() if isinstance(value, Mapping) else as_list(value)
        for part in parts:
            self._count_all(part, depth + 1)


def _member(value: JSONValue, key: str) -> JSONValue:
    if isinstance(value, Mapping):
        return value.get(key)
    items = as_list(value)
    index = int(key) if key.isascii() and key.isdigit() and len(key) < len("9999") else len(items)
    return items[index] if index < len(items) else None

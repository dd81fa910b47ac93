"""The schemas that operations refer to: Kargo's kinds as the platform reads them, and others."""

from typing import Any

from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from kargo_platform.openapi import control_planes, eligibility
from kargo_platform.openapi.identity_providers import SCHEMAS
from promotions.manifests.kinds import KINDS

_TEXT = {"type": "string"}
_FREE = {"type": "object", "additionalProperties": True}
_METADATA = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "namespace": _TEXT,
        "uid": {"type": "string", "format": "uuid"},
        "resourceVersion": _TEXT,
        "generation": {"type": "integer", "format": "int32"},
        "creationTimestamp": {"type": "string", "format": "date-time"},
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "annotations": {"type": "object", "additionalProperties": _TEXT},
    },
}
_PLAIN: dict[str, dict[str, Any]] = {
    "Error": {"type": "object", "required": ["error"], "properties": {"error": _TEXT}},
    "Free": _FREE,
    "Objects": {"type": "array", "items": _FREE},
    "Text": _TEXT,
    "Manifests": {
        "type": "string",
        "description": "Manifests: YAML documents, JSON objects one after the other, or an array.",
    },
    "WatchEvents": {
        "type": "string",
        "description": "Server-sent events; each `data` is a JSON object with `type` and `object`.",
    },
    **SCHEMAS,
    **control_planes.SCHEMAS,
    **eligibility.SCHEMAS,
}
_LIST = "List"


def reference_to(registry: ComponentRegistry, name: str) -> dict[str, Any]:
    """Return a reference to a schema, which is added to the description if it is new there.

    ``name`` is a kind, a kind with ``List`` after it, or one of the plain ones; what is none of
    them is an object of which nothing is said.
    """
    component = ResolvedComponent(  # type: ignore[no-untyped-call] # the package has no types
        name=name, type=ResolvedComponent.SCHEMA, object=name, schema=_schema(registry, name)
    )
    registry.register_on_missing(component)
    found: dict[str, Any] = component.ref
    return found


def _schema(registry: ComponentRegistry, name: str) -> dict[str, Any]:
    if name in _PLAIN:
        return _PLAIN[name]
    item = name.removesuffix(_LIST)
    if item != name:
        return _list_of(registry, item)
    if name in KINDS:
        return _kind(name)
    return _object()


def _list_of(registry: ComponentRegistry, item: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            "metadata": {"type": "object", "properties": {"resourceVersion": _TEXT}},
            "items": {"type": "array", "items": reference_to(registry, item)},
        },
    }


def _kind(name: str) -> dict[str, Any]:
    """Return a kind's schema: its own fields as manifests have them, and the server's status."""
    schema = KINDS[name].model.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    fields = _inlined(schema.get("properties", {}), schema.get("$defs", {}), depth=0)
    own = {key: it for key, it in fields.items() if key not in {"metadata", "apiVersion", "kind"}}
    return _object(**{**own, "status": _FREE})


def _object(**fields: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"apiVersion": _TEXT, "kind": _TEXT, "metadata": _METADATA, **fields},
    }


_DEEPEST = 12


def _inlined(value: Any, definitions: dict[str, Any], *, depth: int) -> Any:
    """Return a schema with the definitions it refers to put in their places."""
    if depth > _DEEPEST:
        return {}
    if isinstance(value, list):
        return [_inlined(it, definitions, depth=depth) for it in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        target = definitions.get(value["$ref"].rpartition("/")[2], {})
        return _inlined(target, definitions, depth=depth + 1)
    return {key: _inlined(it, definitions, depth=depth) for key, it in value.items()}

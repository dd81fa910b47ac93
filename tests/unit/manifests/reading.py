"""Reads one document of a kind and says what is wrong with it."""

from typing import Any

from common.errors import InvalidError
from promotions.manifests.kinds import KINDS, Read, read_manifest
from promotions.manifests.schema import as_json


def read(kind: str, spec: dict[str, Any] | None = None, **parts: Any) -> Read:
    """Return the document of a kind, named ``x`` in the project ``demo``."""
    content: dict[str, Any] = {
        "apiVersion": KINDS[kind].api_version,
        "kind": kind,
        "metadata": {"name": "x", "namespace": "demo"},
        **parts,
    }
    if spec is not None:
        content["spec"] = spec
    return read_manifest(content)


def stored(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Return the spec as it will be stored."""
    manifest: Any = read(kind, spec).manifest
    return as_json(manifest.spec)


def problems(kind: str, spec: dict[str, Any] | None = None, **parts: Any) -> list[str]:
    """Return what is wrong with the document; an empty list if nothing."""
    try:
        read(kind, spec, **parts)
    except InvalidError as error:
        return [str(it) for it in error.problems]
    return []

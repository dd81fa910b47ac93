"""The manifest of a ConfigMap: plain keys and values."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import Field

from common.errors import FieldProblem
from projects.models import ConfigMap
from promotions.manifests.metadata import CORE_API, Manifest, manifest_to, metadata_to
from promotions.manifests.schema import LONGEST_NAME, Strings

_KEY = re.compile(r"[-._a-zA-Z0-9]+")


class ConfigMapManifest(Manifest):
    """A ConfigMap as somebody wrote it."""

    data: Strings = Field(default_factory=dict)
    binary_data: Strings = Field(default_factory=dict)
    immutable: bool | None = None


def problems(manifest: ConfigMapManifest) -> Iterator[FieldProblem]:
    """Yield what is wrong beyond the schema."""
    yield from key_problems(manifest.data, path="data")
    if manifest.binary_data:
        yield FieldProblem("binaryData", "is not supported; expressions can read text only")


def key_problems(keys: Iterable[str], *, path: str) -> Iterator[FieldProblem]:
    """Yield the keys that Kubernetes would refuse in a ConfigMap or Secret."""
    for key in keys:
        if _KEY.fullmatch(key) is None or len(key) > LONGEST_NAME:
            yield FieldProblem(f"{path}.{key}", "a key has letters, digits, '-', '_' and '.'")


def to_manifest(config_map: ConfigMap) -> dict[str, Any]:
    """Write a ConfigMap as Kubernetes' JSON."""
    metadata = metadata_to(config_map, namespace=config_map.namespace, has_generation=False)
    return manifest_to("ConfigMap", metadata, api_version=CORE_API, data=config_map.data)

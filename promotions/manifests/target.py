"""The manifest of a Target: one destination, and the parameters that steps read of it."""

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from common.errors import FieldProblem
from promotions.manifests.metadata import Manifest, manifest_to, metadata_to
from promotions.manifests.schema import Json, Model
from promotions.models import Target


class TargetSpec(Model):
    """Values of any shape, by name; expressions see them as ``target.params``."""

    params: dict[str, Json] | None = None


class TargetManifest(Manifest):
    """A Target as somebody wrote it."""

    spec: TargetSpec = Field(default_factory=TargetSpec)


def problems(_manifest: TargetManifest) -> Iterator[FieldProblem]:
    """Yield nothing: the schema says it all."""
    yield from ()


def spec_to(spec: TargetSpec) -> dict[str, Any]:
    """Return what is stored of a Target; a parameter that is null stays."""
    return {} if spec.params is None else {"params": spec.params}


def to_manifest(target: Target) -> dict[str, Any]:
    """Write a Target as Kargo's JSON; reads ``target.project``."""
    metadata = metadata_to(target, namespace=target.project.name)
    return manifest_to("Target", metadata, spec=target.spec)

"""Reads what is said of a control plane, whichever door it comes by."""

from collections.abc import Mapping
from typing import Any

from common.errors import FieldProblem, InvalidError
from projects.models import ControlPlane
from promotions.manifests.control_plane import PLATFORM_API, ControlPlaneManifest, spec_to
from promotions.manifests.kinds import read_manifest


def manifest_of(name: str, spec: Mapping[str, Any]) -> ControlPlaneManifest:
    """Return a new control plane's manifest, checked.

    Raises:
        InvalidError: Something is not usable; ``problems`` name the fields of ``spec``.
    """
    return _read({"name": name}, spec)


def changed_manifest_of(plane: ControlPlane, changes: Mapping[str, Any]) -> ControlPlaneManifest:
    """Return what ``changes`` make of a control plane, checked; what they do not name stays.

    Raises:
        InvalidError: Something is not usable; ``problems`` name the fields of the spec.
    """
    metadata = {"name": plane.name, "labels": plane.labels, "annotations": plane.annotations}
    return _read(metadata, {**spec_to(plane), **changes})


def _read(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> ControlPlaneManifest:
    head = {"apiVersion": PLATFORM_API, "kind": "ControlPlane"}
    try:
        read = read_manifest({**head, "metadata": dict(metadata), "spec": dict(spec)})
    except InvalidError as error:
        problems = tuple(FieldProblem(_short(it.path), it.reason) for it in error.problems)
        raise InvalidError("The control plane is not valid", problems=problems) from None
    if read.warnings:
        raise InvalidError(f"The control plane is not valid: {read.warnings[0]}")
    manifest = read.manifest
    assert isinstance(manifest, ControlPlaneManifest)  # noqa: S101 - as its kind says
    return manifest


def _short(path: str) -> str:
    return path.removeprefix("spec.").removeprefix("metadata.")

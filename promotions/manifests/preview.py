"""The document of a preview: what a promotion would do, as JSON for programs and pages.

::

    {"phase": "Running", "message": "",
     "steps": [{"alias", "kind", "effect", "outcome", "message"}],
     "effects": ["push main to https://…"],
     "changes": [{"path", "url", "branch", "base", "files", "patch", "truncated"}],
     "manifests": [{"resource", "kind", "namespace", "name", "change", "patch"}],
     "notes": ["overlays/test cannot be rendered: …"]}
"""

from collections.abc import Sequence
from typing import Any

from common.redaction import redact
from promotions.engine.conditions import truncated
from promotions.engine.manifest_changes import ResourceChange
from promotions.engine.preview import Preview, PreviewedStep
from promotions.ports.workspaces import TreeChanges


def to_document(
    preview: Preview,
    *,
    changes: Sequence[TreeChanges],
    manifests: Sequence[ResourceChange],
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the document; secrets of known forms are masked."""
    return {
        "phase": preview.phase.value,
        "message": _shown(preview.message),
        "steps": [_step(step) for step in preview.steps],
        "effects": [_shown(effect) for effect in preview.effects],
        "changes": [_changes(tree) for tree in changes],
        "manifests": [_manifest(change) for change in manifests],
        "notes": [_shown(note) for note in notes],
    }


def _step(step: PreviewedStep) -> dict[str, Any]:
    return {
        "alias": step.alias,
        "kind": step.kind,
        "effect": step.effect.value if step.effect else "",
        "outcome": step.outcome.value,
        "message": _shown(step.message),
    }


def _changes(tree: TreeChanges) -> dict[str, Any]:
    return {
        "path": tree.path,
        "url": redact(tree.url),
        "branch": tree.branch,
        "base": tree.base,
        "files": list(tree.files),
        "patch": redact(tree.patch),
        "truncated": tree.truncated,
    }


def _manifest(change: ResourceChange) -> dict[str, Any]:
    name = change.name
    return {
        "resource": str(name),
        "kind": name.kind,
        "namespace": name.namespace,
        "name": name.name,
        "change": change.change.value,
        "patch": redact(change.patch),
    }


def _shown(text: str) -> str:
    return truncated(redact(text))

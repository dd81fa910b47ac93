"""Which part of an answer is sent: ``fields``, which lists, and streams, read differently.

Source: argo-cd ``server/application`` forwarder overrides.
"""

from collections.abc import Iterable
from typing import Any

LISTED = (
    "metadata.name",
    "metadata.namespace",
    "metadata.annotations",
    "metadata.labels",
    "metadata.creationTimestamp",
    "metadata.deletionTimestamp",
    "spec",
    "operation.sync",
    "status.sourceHydrator",
    "status.sync.status",
    "status.sync.revision",
    "status.health",
    "status.summary",
    "status.operationState.startedAt",
    "status.operationState.finishedAt",
    "status.operationState.phase",
    "status.operationState.operation.sync",
    "status.operationState.syncResult.revision",
    "status.resources",
)


_NOWHERE = {"source": {"repoURL": ""}, "destination": {}}
_EMPTY_STATUS: dict[str, Any] = {
    "sync": {"status": "", "comparedTo": _NOWHERE},
    "health": {},
    "summary": {},
}
"""What a status has in any case: argocd-server writes what it holds, and parts are no pointers."""


def shown(application: dict[str, Any]) -> dict[str, Any]:
    """Return an Application as argocd-server writes one that it has read."""
    status = application.get("status") or {}
    sync = {**_EMPTY_STATUS["sync"], **(status.get("sync") or {})}
    return {**application, "status": {**_EMPTY_STATUS, **status, "sync": sync}}


def listed(document: dict[str, Any], fields: str) -> dict[str, Any]:
    """Return an item of a list with only those of ``fields`` that lists know at all."""
    asked = [it.removeprefix("items.") for it in fields.split(",") if it.startswith("items.")]
    known = [it for it in asked if it in LISTED]
    return _kept(document, known) if fields else document


def streamed(message: dict[str, Any], fields: str) -> dict[str, Any]:
    """Return a message of a stream with only what begins with one of ``fields``."""
    if not fields:
        return message
    if fields.startswith("-"):
        return _dropped(message, fields[1:].split(","))
    return _kept(message, fields.split(","))


def _kept(node: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for path in paths:
        head, _, rest = path.partition(".")
        if head not in node:
            continue
        if not rest or not isinstance(node[head], dict):
            kept[head] = node[head]
            continue
        part = _kept(node[head], [rest])
        old = kept.get(head)
        kept[head] = _joined(old, part) if isinstance(old, dict) else part
    return kept


def _joined(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    result = dict(first)
    for key, value in second.items():
        old = result.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        result[key] = _joined(old, value) if both and isinstance(old, dict) else value
    return result


def _dropped(node: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    result = dict(node)
    for path in paths:
        head, _, rest = path.partition(".")
        if not rest:
            result.pop(head, None)
        elif isinstance(result.get(head), dict):
            result[head] = _dropped(result[head], [rest])
    return result

"""What the definitions of resources ask of an object: fields that must be, and those that go.

Source: argo-cd ``manifests/crds/application-crd.yaml``, as far as a client of ours writes; and what
Kubernetes asks of an Event.
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes.argocd.kubernetes import answers
from tests.fakes.argocd.store import Document

_TOP = ("apiVersion", "kind", "metadata", "spec", "operation", "status")
_OPERATION = ("info", "initiatedBy", "retry", "sync")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def pruned(app: Document) -> Document:
    """Return an Application without what its definition does not know, which vanishes unsaid."""
    kept = {key: app[key] for key in _TOP if key in app}
    if isinstance(operation := kept.get("operation"), dict):
        kept["operation"] = {key: operation[key] for key in _OPERATION if key in operation}
    return kept


def check_application(app: Document) -> None:
    """Raise a 422 for an Application that lacks something."""
    missing = list(_missing(app))
    if missing:
        lacks = ", ".join(f"{path}: Required value" for path in missing)
        name = app["metadata"]["name"]
        raise answers.invalid(f'Application.argoproj.io "{name}" is invalid: {lacks}')


def check_event(event: Document) -> None:
    """Raise a 422 for an Event that is about something elsewhere, or has a name that cannot be."""
    meta, about = event["metadata"], event.get("involvedObject") or {}
    if not _NAME.fullmatch(meta["name"]):
        raise answers.invalid(f'Event "{meta["name"]}" is invalid: metadata.name: Invalid value')
    if about.get("namespace") != meta["namespace"]:
        text = "involvedObject.namespace: Invalid value: does not match event.namespace"
        raise answers.invalid(f'Event "{meta["name"]}" is invalid: {text}')


def _missing(app: Document) -> Iterator[str]:
    spec = app.get("spec")
    if not isinstance(spec, dict):
        yield "spec"
        return
    yield from _lacking(spec, ("destination", "project"), "spec")
    for index, source in enumerate(spec.get("sources") or []):
        yield from _lacking(source, ("repoURL",), f"spec.sources[{index}]")
    for index, info in enumerate((app.get("operation") or {}).get("info") or []):
        yield from _lacking(info, ("name", "value"), f"operation.info[{index}]")


def _lacking(document: Any, wanted: tuple[str, ...], path: str) -> Iterator[str]:
    yield from (f"{path}.{name}" for name in wanted if name not in document)

"""The envelope of every manifest: apiVersion, kind and metadata, read and written."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from common.errors import FieldProblem
from common.models import Resource
from promotions.manifests.schema import Json, Model, ResourceName, Strings

KARGO_API = "kargo.akuity.io/v1alpha1"
CORE_API = "v1"
ARGO_API = "argoproj.io/v1alpha1"
RBAC_API = "rbac.authorization.k8s.io/v1"

PREFIX = "kargo.akuity.io/"
ALIAS_LABEL = f"{PREFIX}alias"
SHARD_LABEL = f"{PREFIX}shard"
STAGE_KEY = f"{PREFIX}stage"
REFRESH = f"{PREFIX}refresh"
REVERIFY = f"{PREFIX}reverify"
ABORT = f"{PREFIX}abort"
CREATE_ACTOR = f"{PREFIX}create-actor"
HOLD = f"{PREFIX}auto-promotion-hold"
RESUME = f"{PREFIX}auto-promotion-resume"
ARGOCD_CONTEXT = f"{PREFIX}argocd-context"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

OWN_LABELS = frozenset({ALIAS_LABEL, SHARD_LABEL})
OWN_ANNOTATIONS = frozenset(
    {
        *(REFRESH, REVERIFY, ABORT, CREATE_ACTOR, HOLD, RESUME, STAGE_KEY, LAST_APPLIED),
        ARGOCD_CONTEXT,
    }
)
"""Keys that columns or rules hold; they are written on the way out and not stored as they came."""

_LABEL_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_PREFIX = 253


class Metadata(Model):
    """What we read of ``metadata``; what only a server may write is known and ignored."""

    name: ResourceName
    namespace: str = ""
    labels: Strings = Field(default_factory=dict)
    annotations: Strings = Field(default_factory=dict)
    uid: Json = None
    resource_version: Json = None
    generation: Json = None
    generate_name: Json = None
    creation_timestamp: Json = None
    deletion_timestamp: Json = None
    deletion_grace_period_seconds: Json = None
    finalizers: Json = None
    owner_references: Json = None
    managed_fields: Json = None
    self_link: Json = None

    def own_labels(self) -> dict[str, str]:
        """Return the labels that the author owns."""
        return {key: value for key, value in self.labels.items() if key not in OWN_LABELS}

    def own_annotations(self) -> dict[str, str]:
        """Return the annotations that the author owns."""
        return {key: it for key, it in self.annotations.items() if key not in OWN_ANNOTATIONS}


class GeneratedMetadata(Metadata):
    """Metadata of a kind whose name the platform makes; one that is given only finds it again."""

    name: str = ""


class Manifest(Model):
    """A manifest of any kind; ``status`` is known and ignored."""

    api_version: str
    kind: str
    metadata: Metadata
    status: Json = None


def label_problems(metadata: Metadata) -> Iterator[FieldProblem]:
    """Yield what Kubernetes would refuse in labels and in the keys of annotations."""
    for key, value in metadata.labels.items():
        if not _is_label_key(key):
            yield FieldProblem(f"metadata.labels.{key}", "is not a label key")
        elif value and _LABEL_NAME.fullmatch(value) is None:
            reason = "a label has at most 63 letters, digits, '-', '_' and '.'"
            yield FieldProblem(f"metadata.labels.{key}", f'{reason}, not "{value}"')
    for key in metadata.annotations:
        if not _is_label_key(key):
            yield FieldProblem(f"metadata.annotations.{key}", "is not an annotation key")


def metadata_to(
    resource: Resource,
    *,
    namespace: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    has_generation: bool = True,
) -> dict[str, Any]:
    """Write ``metadata``; ``labels`` and ``annotations`` with a value join the stored ones."""
    written: dict[str, Any] = {"name": resource.name}
    if namespace:
        written["namespace"] = namespace
    written["uid"] = str(resource.uid)
    written["resourceVersion"] = str(resource.revision)
    if has_generation:
        written["generation"] = resource.generation
    written["creationTimestamp"] = timestamp(resource.created_at)
    for key, stored, own in (
        ("labels", resource.labels, labels),
        ("annotations", resource.annotations, annotations),
    ):
        added = {name: value for name, value in (own or {}).items() if value}
        if stored or added:
            written[key] = {**stored, **added}
    return written


def manifest_to(
    kind: str, metadata: Mapping[str, Any], *, api_version: str = KARGO_API, **parts: Any
) -> dict[str, Any]:
    """Write a manifest; parts that are ``None`` are left out."""
    present = {name: part for name, part in parts.items() if part is not None}
    return {"apiVersion": api_version, "kind": kind, "metadata": dict(metadata), **present}


def timestamp(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def present(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return what has a value: no empty text, list or object, no null; 0 and false stay."""
    return {key: it for key, it in status.items() if it is not None and it not in ("", [], {})}


def config_status(
    conditions: list[Any],
    *,
    handled_refresh: str,
    observed_generation: int = 0,
    receivers: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any] | None:
    """Write the status that kinds share: conditions, the last refresh, what was observed.

    ``receivers`` are a configuration's webhook receivers.
    """
    status = present(
        {
            "conditions": conditions,
            "lastHandledRefresh": handled_refresh,
            "observedGeneration": observed_generation or None,
            "webhookReceivers": list(receivers),
        }
    )
    return status or None


def _is_label_key(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and (len(prefix) > _LONGEST_PREFIX or _LABEL_PREFIX.fullmatch(prefix) is None):
        return False
    return _LABEL_NAME.fullmatch(name) is not None

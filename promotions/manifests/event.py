"""Writes events as Kubernetes does, ``core/v1``.

Source: Kubernetes ``core/v1`` Event; Kargo ``pkg/event/kubernetes``.
"""

from typing import Any

from promotions.manifests.metadata import CORE_API, KARGO_API, timestamp
from promotions.models import Event

PREFIX = "event.kargo.akuity.io/"


def to_manifest(event: Event, *, namespace: str) -> dict[str, Any]:
    """Write one event of the project that is called ``namespace``."""
    at = timestamp(event.at)
    return {
        "apiVersion": CORE_API,
        "kind": "Event",
        "metadata": {
            "name": f"{event.object_name[:200]}.{event.uid.hex[:16]}",
            "namespace": namespace,
            "uid": str(event.uid),
            "creationTimestamp": at,
            "annotations": {f"{PREFIX}{key}": it for key, it in event.annotations.items()},
        },
        "involvedObject": {
            "apiVersion": KARGO_API,
            "kind": event.object_kind,
            "namespace": namespace,
            "name": event.object_name,
            "uid": str(event.object_uid),
        },
        "type": "Normal",
        "reason": event.reason,
        "message": event.message,
        "source": {},
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
    }

"""The envelope of lists."""

from collections.abc import Iterable
from typing import Any

from common.models import Resource

API_VERSION = "kargo.akuity.io/v1alpha1"


def list_document(kind: str, items: list[dict[str, Any]], *, revision: str) -> dict[str, Any]:
    """Return a Kubernetes list; its ``resourceVersion`` is where a watch may go on from."""
    return {
        "apiVersion": API_VERSION,
        "kind": f"{kind}List",
        "metadata": {"resourceVersion": revision},
        "items": items,
    }


def newest_revision(resources: Iterable[Resource]) -> str:
    """Return the ``resourceVersion`` of the resource that changed last; ``"0"`` without any."""
    return str(max((resource.revision for resource in resources), default=0))

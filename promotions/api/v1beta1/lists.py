"""The envelope of lists, and what they are made of."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import QuerySet

from common.models import Resource
from promotions.manifests.metadata import KARGO_API
from promotions.manifests.rendered import Version
from promotions.selectors.live import settled_position

RowT = TypeVar("RowT", bound=Resource)


def list_document(
    kind: str, items: Sequence[Any], *, revision: str, api_version: str = KARGO_API
) -> dict[str, Any]:
    """Return a Kubernetes list; its ``resourceVersion`` is where a watch may go on from."""
    return {
        "apiVersion": api_version,
        "kind": f"{kind}List",
        "metadata": {"resourceVersion": revision},
        "items": items,
    }


def revision_now() -> str:
    """Return the ``resourceVersion`` of a list that is read after this: a watch misses nothing.

    Empty before anything has ever changed: such a watch starts with what is there.
    """
    return str(settled_position() or "")


def versions_of(rows: QuerySet[Any]) -> list[Version]:
    """Return the versions of objects whose manifests show no other's state, in order."""
    return [Version(uid, revision) for uid, revision in rows.values_list("uid", "revision")]


def chosen(rows: QuerySet[RowT], uids: Sequence[UUID] | None) -> QuerySet[RowT]:
    """Return those objects of a list, in no order; all of them without ``uids``."""
    return rows if uids is None else rows.filter(uid__in=uids).order_by()

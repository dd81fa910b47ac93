"""Reads objects of one kind, many at once, and writes them as a GET shows them."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db.models import Prefetch, QuerySet

from projects.models import ClusterConfig, ProjectConfig
from promotions.live.messages import Document, Topic
from promotions.manifests import promotion
from promotions.manifests.stage_status import with_status
from promotions.manifests.writers import write_manifest
from promotions.models import Freight, Promotion, Stage, StageFreight, Warehouse
from promotions.selectors.availability import requests_of

logger = logging.getLogger(__name__)

LARGEST_BYTES = (1 << 20) - 256
"""Kargo's client gives up on a line of 1 MiB; the rest is for what stands around the object."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How objects of a kind are read: everything that writing them needs, also of deleted ones."""

    rows: Callable[[], QuerySet[Any]]
    order: tuple[str, ...] = ("name", "pk")
    owner: str = "project__uid"
    facets: Callable[[Any], Iterable[str]] = lambda _: ()
    fetch_others: Callable[[list[Any]], None] = lambda _: None


def _fetch_shown_promotions(stages: Iterable[Stage]) -> None:
    shown = [it for stage in stages for it in (stage.current_promotion, stage.last_promotion)]
    promotion.fetch_others([it for it in shown if it is not None])


_KINDS: Mapping[str, _Kind] = {
    "ClusterConfig": _Kind(ClusterConfig.everything.all, owner="tenant__uid"),
    "Freight": _Kind(
        lambda: Freight.everything.select_related("warehouse", "project").prefetch_related(
            "artifacts",
            # Joined: SQLite cannot take a prefetch of a thousand Stages by their keys.
            Prefetch("standings", StageFreight.objects.select_related("stage")),
        ),
        order=("discovered_at", "pk"),
        facets=lambda freight: (freight.warehouse.name,),
    ),
    "ProjectConfig": _Kind(lambda: ProjectConfig.everything.select_related("project")),
    "Promotion": _Kind(
        lambda: Promotion.everything.select_related(
            "project", "stage", "freight__warehouse", "request"
        ).prefetch_related("step_executions", "freight__artifacts"),
        facets=lambda row: (row.stage.name,),
        fetch_others=promotion.fetch_others,
    ),
    "Stage": _Kind(
        lambda: with_status(Stage.everything.all()),
        facets=lambda stage: {it.origin.name for it in requests_of(stage)},
        fetch_others=_fetch_shown_promotions,
    ),
    "Warehouse": _Kind(lambda: Warehouse.everything.select_related("project")),
}
KINDS = frozenset(_KINDS)


def documents_of(kind: str, uids: Iterable[UUID]) -> dict[UUID, tuple[Document, bool]]:
    """Return objects of a kind by uid, each with whether it is deleted; those that are there."""
    rows = _fetched(_KINDS[kind], _KINDS[kind].rows().filter(uid__in=list(uids)))
    return {row.uid: (_document(kind, row), row.deleted_at is not None) for row in rows}


def current_documents(topic: Topic) -> Iterator[Document]:
    """Yield the objects of a topic that are there now, in the order of lists."""
    kind = _KINDS[topic.kind]
    rows = kind.rows().filter(**{kind.owner: topic.owner_uid}, deleted_at__isnull=True)
    if topic.name:
        rows = rows.filter(name=topic.name)
    for row in _fetched(kind, rows.order_by(*kind.order)):
        yield _document(topic.kind, row)


def remains(kind: str, uid: UUID, name: str) -> Document:
    """Return what is left to say of an object that is gone without a trace."""
    metadata = {"name": name, "uid": str(uid)}
    api = "kargo.akuity.io/v1alpha1"
    return Document(orjson.dumps({"apiVersion": api, "kind": kind, "metadata": metadata}))


def _fetched(kind: _Kind, rows: QuerySet[Any]) -> list[Any]:
    found = list(rows)
    by_project: dict[int, list[Any]] = {}
    for row in found:
        by_project.setdefault(getattr(row, "project_id", 0), []).append(row)
    for some in by_project.values():
        kind.fetch_others(some)
    return found


def _document(kind: str, row: Any) -> Document:
    return Document(_encoded(write_manifest(row)), frozenset(_KINDS[kind].facets(row)))


def _encoded(manifest: dict[str, Any]) -> bytes:
    """Return a manifest as JSON that clients can read; the largest parts go if it is too long."""
    content = orjson.dumps(manifest)
    while len(content) > LARGEST_BYTES:
        left_out = _lighten(manifest)
        logger.warning(
            "object too long to be watched whole",
            extra={"object": manifest["metadata"]["name"], "left_out": left_out},
        )
        content = orjson.dumps(manifest)
    return content


def _lighten(manifest: dict[str, Any]) -> str:
    """Take the largest part out of the status, then of the spec, then of the rest; return which."""
    for key in ("status", "spec", "metadata"):
        part = manifest.get(key)
        parts = [it for it in part if it not in {"name", "namespace", "uid"}] if part else []
        if part and parts:
            largest = max(parts, key=lambda it: len(orjson.dumps(part[it])))
            manifest[key] = {name: it for name, it in part.items() if name != largest}
            return f"{key}.{largest}"
    largest = max(manifest, key=lambda it: len(orjson.dumps(manifest[it])))
    del manifest[largest]
    return largest

"""Turns the artifacts of Freight between manifests, rows and the engine's values."""

from collections.abc import Iterable

import orjson

from common.jsontypes import JSONObject, JSONValue, as_object, as_text
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    FreightReference,
    Image,
)
from promotions.models import Freight, FreightArtifact

_LISTS = {
    FreightArtifact.Kind.COMMIT: "commits",
    FreightArtifact.Kind.IMAGE: "images",
    FreightArtifact.Kind.CHART: "charts",
    FreightArtifact.Kind.ARTIFACT: "artifacts",
}


def freight_reference(freight: Freight) -> FreightReference:
    """Return a piece of Freight as the engine knows it.

    Reads ``freight.artifacts`` and ``freight.warehouse``: prefetch them for many.
    """
    rows = sorted(freight.artifacts.all(), key=lambda row: row.position)
    documents: dict[str, list[JSONObject]] = {kind: [] for kind in _LISTS}
    for row in rows:
        documents[row.kind].append(row.document)
    return FreightReference(
        name=freight.name,
        origin=FreightOrigin(freight.warehouse.name),
        commits=tuple(map(commit_from, documents[FreightArtifact.Kind.COMMIT])),
        images=tuple(map(image_from, documents[FreightArtifact.Kind.IMAGE])),
        charts=tuple(map(chart_from, documents[FreightArtifact.Kind.CHART])),
        artifacts=tuple(map(artifact_from, documents[FreightArtifact.Kind.ARTIFACT])),
    )


def artifact_lists(rows: Iterable[FreightArtifact]) -> dict[str, list[JSONObject]]:
    """Return ``commits``, ``images``, ``charts`` and ``artifacts``, each only if not empty."""
    lists: dict[str, list[JSONObject]] = {}
    for row in sorted(rows, key=lambda row: row.position):
        lists.setdefault(_LISTS[FreightArtifact.Kind(row.kind)], []).append(row.document)
    return lists


def reference_document(reference: FreightReference) -> dict[str, JSONValue]:
    """Write a FreightReference as the status of Stages and Promotions shows it."""
    document: dict[str, JSONValue] = {
        "name": reference.name,
        "origin": {"kind": reference.origin.kind, "name": reference.origin.name},
    }
    lists: dict[str, list[JSONValue]] = {
        "commits": [commit_to(item) for item in reference.commits],
        "images": [image_to(item) for item in reference.images],
        "charts": [chart_to(item) for item in reference.charts],
        "artifacts": [artifact_to(item) for item in reference.artifacts],
    }
    document.update({key: items for key, items in lists.items() if items})
    return document


def commit_from(document: JSONObject) -> Commit:
    """Read one entry of ``commits``."""
    return Commit(
        repo_url=as_text(document.get("repoURL")),
        id=as_text(document.get("id")),
        branch=as_text(document.get("branch")),
        tag=as_text(document.get("tag")),
        message=as_text(document.get("message")),
        author=as_text(document.get("author")),
        committer=as_text(document.get("committer")),
        subscription_name=as_text(document.get("subscriptionName")),
    )


def commit_to(commit: Commit) -> dict[str, JSONValue]:
    """Write one entry of ``commits``."""
    return _present(
        {
            "repoURL": commit.repo_url,
            "id": commit.id,
            "branch": commit.branch,
            "tag": commit.tag,
            "message": commit.message,
            "author": commit.author,
            "committer": commit.committer,
            "subscriptionName": commit.subscription_name,
        }
    )


def image_from(document: JSONObject) -> Image:
    """Read one entry of ``images``."""
    annotations = as_object(document.get("annotations"))
    return Image(
        repo_url=as_text(document.get("repoURL")),
        tag=as_text(document.get("tag")),
        digest=as_text(document.get("digest")),
        annotations={key: as_text(value) for key, value in annotations.items()},
        subscription_name=as_text(document.get("subscriptionName")),
    )


def image_to(image: Image) -> dict[str, JSONValue]:
    """Write one entry of ``images``."""
    return _present(
        {
            "repoURL": image.repo_url,
            "tag": image.tag,
            "digest": image.digest,
            "annotations": dict(image.annotations),
            "subscriptionName": image.subscription_name,
        }
    )


def chart_from(document: JSONObject) -> Chart:
    """Read one entry of ``charts``."""
    return Chart(
        repo_url=as_text(document.get("repoURL")),
        name=as_text(document.get("name")),
        version=as_text(document.get("version")),
        subscription_name=as_text(document.get("subscriptionName")),
    )


def chart_to(chart: Chart) -> dict[str, JSONValue]:
    """Write one entry of ``charts``."""
    return _present(
        {
            "repoURL": chart.repo_url,
            "name": chart.name,
            "version": chart.version,
            "subscriptionName": chart.subscription_name,
        }
    )


def artifact_from(document: JSONObject) -> Artifact:
    """Read one entry of ``artifacts``."""
    return Artifact(
        artifact_type=as_text(document.get("artifactType")),
        subscription_name=as_text(document.get("subscriptionName")),
        version=as_text(document.get("version")),
        metadata=_json_text(document.get("metadata")),
    )


def artifact_to(artifact: Artifact) -> dict[str, JSONValue]:
    """Write one entry of ``artifacts``."""
    return _present(
        {
            "artifactType": artifact.artifact_type,
            "subscriptionName": artifact.subscription_name,
            "version": artifact.version,
            "metadata": orjson.loads(artifact.metadata) if artifact.metadata else None,
        }
    )


def _present(document: dict[str, JSONValue]) -> dict[str, JSONValue]:
    return {key: value for key, value in document.items() if value not in ("", {}, None)}


def _json_text(value: JSONValue) -> str:
    return "" if value is None else orjson.dumps(value).decode()

"""Shows Freight's artifacts to expressions under Go's field names."""

import json

from common.jsontypes import JSONValue
from promotions.engine.expressions.values import AnyMap, Record
from promotions.engine.freight import Artifact, Chart, Commit, FreightOrigin, Image


def origin_record(origin: FreightOrigin) -> Record:
    """Return what ``warehouse()`` gives."""
    return Record(
        "v1alpha1.FreightOrigin",
        {"Kind": origin.kind, "Name": origin.name},
        shown={"kind": origin.kind, "name": origin.name},
        text=str(origin),
    )


def commit_record(commit: Commit) -> Record:
    """Return what ``commitFrom()`` gives."""
    return _record(
        "v1alpha1.GitCommit",
        ("RepoURL", "repoURL", commit.repo_url),
        ("ID", "id", commit.id),
        ("Branch", "branch", commit.branch),
        ("Tag", "tag", commit.tag),
        ("Message", "message", commit.message),
        ("Author", "author", commit.author),
        ("Committer", "committer", commit.committer),
        ("SubscriptionName", "subscriptionName", commit.subscription_name),
    )


def image_record(image: Image) -> Record:
    """Return what ``imageFrom()`` gives; an annotation that is absent is the empty string."""
    return _record(
        "v1alpha1.Image",
        ("RepoURL", "repoURL", image.repo_url),
        ("Tag", "tag", image.tag),
        ("Digest", "digest", image.digest),
        ("Annotations", "annotations", AnyMap(dict(image.annotations.items()), missing="")),
        ("SubscriptionName", "subscriptionName", image.subscription_name),
    )


def chart_record(chart: Chart) -> Record:
    """Return what ``chartFrom()`` gives."""
    return _record(
        "v1alpha1.Chart",
        ("RepoURL", "repoURL", chart.repo_url),
        ("Name", "name", chart.name),
        ("Version", "version", chart.version),
        ("SubscriptionName", "subscriptionName", chart.subscription_name),
    )


def artifact_record(artifact: Artifact) -> Record:
    """Return what ``artifactFrom()`` gives; in JSON it keeps Go's names, and metadata is parsed."""
    fields: dict[str, object] = {
        "ArtifactType": artifact.artifact_type,
        "SubscriptionName": artifact.subscription_name,
        "Version": artifact.version,
        "Metadata": _parsed(artifact.metadata),
    }
    return Record("expressions.Artifact", fields, shown=fields)


def _record(name: str, *fields: tuple[str, str, object]) -> Record:
    return Record(
        name,
        {go_name: value for go_name, _, value in fields},
        shown={json_name: value for _, json_name, value in fields if value},
    )


def _parsed(metadata: str) -> JSONValue:
    try:
        value: JSONValue = json.loads(metadata) if metadata else None
    except ValueError:
        return None
    return value

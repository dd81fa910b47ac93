"""Shows Freight's artifacts to expressions under Go's field names.

Source: Kargo ``api/v1alpha1`` GitCommit, Image, Chart and ``pkg/expressions/function``.
"""

from collections.abc import Mapping
from dataclasses import replace

from common.jsontypes import JSONValue
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import read_json
from promotions.engine.expressions.gotime.formatting import format_rfc3339
from promotions.engine.expressions.gotime.instants import Time
from promotions.engine.expressions.gotime.zones import UTC
from promotions.engine.expressions.times import METHODS, time_method
from promotions.engine.expressions.values import (
    NIL_TEXTS,
    AnyMap,
    Function,
    Record,
    format_value,
    type_name,
)
from promotions.engine.freight import Artifact, Chart, Commit, FreightOrigin, Image

_API_TIME = "*v1.Time"


def origin_record(origin: FreightOrigin) -> Record:
    """Return what ``warehouse()`` gives."""
    return Record(
        "v1alpha1.FreightOrigin",
        {"Kind": origin.kind, "Name": origin.name},
        shown={"kind": origin.kind, "name": origin.name},
        # Go's String is declared on the pointer, so it does not count for this value.
        text=_struct_text({"Kind": origin.kind, "Name": origin.name}),
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
        ("Annotations", "annotations", text_map(image.annotations)),
        ("SubscriptionName", "subscriptionName", image.subscription_name),
    )


def text_map(texts: Mapping[str, JSONValue]) -> AnyMap:
    """Return a ``map[string]string``, which is nil if it is empty: manifests leave it out then."""
    return AnyMap(dict(texts.items()), missing="") if texts else NIL_TEXTS


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
        "Metadata": _metadata(artifact),
    }
    return Record("expressions.Artifact", fields, shown=fields, text=_struct_text(fields))


def api_time_record(time: Time) -> Record:
    """Return a time as Kubernetes objects have it: it wraps Go's, and compares with its like."""
    methods = {name: time_method(time, name) for name in METHODS["time.Time"]}
    comparisons = {
        "Before": Function("Before", lambda them: time.compare(_inner(them[0])) < 0, 1, 1),
        "Equal": Function("Equal", lambda them: time.compare(_inner(them[0])) == 0, 1, 1),
    }
    text = format_rfc3339(replace(time, nanosecond=0, location=UTC))
    return Record(
        _API_TIME,
        {"Time": time},
        {name: it for name, it in methods.items() if it is not None} | comparisons,
        shown=text,
        text=format_value(time),
    )


def _inner(value: object) -> Time:
    time = value.fields["Time"] if isinstance(value, Record) else None
    if not isinstance(time, Time):
        raise OperandError(f"expected a {_API_TIME}, not {type_name(value)}")
    return time


def _record(name: str, *fields: tuple[str, str, object]) -> Record:
    """Return what Go hands out as a pointer to a struct."""
    values = {go_name: value for go_name, _, value in fields}
    return Record(
        name,
        values,
        shown={json_name: value for _, json_name, value in fields if value},
        text=f"&{_struct_text(values)}",
    )


def _struct_text(fields: Mapping[str, object]) -> str:
    """Return what Go prints for a struct without a method of its own for it."""
    return f"{{{' '.join(map(format_value, fields.values()))}}}"


def _metadata(artifact: Artifact) -> JSONValue:
    value = read_json(artifact.metadata) if artifact.metadata else {}
    if value is not None and not isinstance(value, Mapping):
        raise OperandError(
            f'the metadata of the artifact from subscription "{artifact.subscription_name}" '
            "is not an object"
        )
    return value

"""The functions of freight creation criteria: the newest of what a Warehouse has discovered.

Source: Kargo ``pkg/expressions/function`` DiscoveredArtifactsOperations.
"""

from collections.abc import Iterator, Sequence

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.artifacts import (
    api_time_record,
    artifact_record,
    chart_record,
    text_map,
)
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.gotime.layouts import RFC3339
from promotions.engine.expressions.gotime.parsing import parse_time
from promotions.engine.expressions.values import Function, Record, as_text as as_string
from promotions.engine.freight import Artifact, Chart
from promotions.engine.urls import normalise_chart_url, normalise_git_url, normalise_image_url


def discovery_functions(discovered: JSONObject) -> dict[str, Function]:
    """Return the functions by name.

    Args:
        discovered: What was discovered, in the form of ``status.discoveredArtifacts``; the first
            of each list is the newest.
    """
    finder = _Finder(discovered)
    functions = (
        Function("commitFrom", finder.commit, 1, 1, ("string",)),
        Function("imageFrom", finder.image, 1, 1, ("string",)),
        Function("chartFrom", finder.chart, 1, 2, ("string", "string")),
        Function("artifactFrom", finder.artifact, 1, 1, ("string",)),
    )
    return {function.name: function for function in functions}


class _Finder:
    def __init__(self, discovered: JSONObject) -> None:
        self.discovered = discovered

    def commit(self, arguments: Sequence[object]) -> object:
        url = normalise_git_url(as_string(arguments[0]))
        for result, newest in _newest(self.discovered.get("git"), "commits"):
            if normalise_git_url(as_text(result.get("repoURL"))) == url:
                return _commit_record(newest)
        return None

    def image(self, arguments: Sequence[object]) -> object:
        url = normalise_image_url(as_string(arguments[0]))
        for result, newest in _newest(self.discovered.get("images"), "references"):
            if normalise_image_url(as_text(result.get("repoURL"))) == url:
                return _image_record(newest)
        return None

    def chart(self, arguments: Sequence[object]) -> object:
        """Return the newest version; its URL comes normalised, as in the reference."""
        url = normalise_chart_url(as_string(arguments[0]))
        wanted = as_string(arguments[1]) if len(arguments) > 1 else ""
        for result in map(as_object, as_list(self.discovered.get("charts"))):
            versions, name = as_list(result.get("versions")), as_text(result.get("name"))
            is_same = normalise_chart_url(as_text(result.get("repoURL"))) == url
            if is_same and versions and wanted in ("", name):
                return chart_record(Chart(repo_url=url, version=as_text(versions[0]), name=name))
        return None

    def artifact(self, arguments: Sequence[object]) -> object:
        """Return the newest of the last result of that name, as in the reference."""
        found = None
        for result, newest in _newest(self.discovered.get("results"), "artifactReferences"):
            if result.get("subscriptionName") == arguments[0]:
                found = artifact_record(_artifact(newest))
        return found


def _newest(results: JSONValue, key: str) -> Iterator[tuple[JSONObject, JSONObject]]:
    for result in map(as_object, as_list(results)):
        found = as_list(result.get(key))
        if found:
            yield result, as_object(found[0])


def _commit_record(commit: JSONObject) -> Record:
    return Record(
        "v1alpha1.DiscoveredCommit",
        {
            "ID": as_text(commit.get("id")),
            "Branch": as_text(commit.get("branch")),
            "Tag": as_text(commit.get("tag")),
            "Subject": as_text(commit.get("subject")),
            "Author": as_text(commit.get("author")),
            "Committer": as_text(commit.get("committer")),
            "CreatorDate": _time_record(commit.get("creatorDate")),
        },
        shown=commit,
    )


def _image_record(image: JSONObject) -> Record:
    annotations = as_object(image.get("annotations"))
    return Record(
        "v1alpha1.DiscoveredImageReference",
        {
            "Tag": as_text(image.get("tag")),
            "Digest": as_text(image.get("digest")),
            "Annotations": text_map(annotations),
            "CreatedAt": _time_record(image.get("createdAt")),
        },
        shown=image,
    )


def _time_record(text: JSONValue) -> Record | None:
    try:
        return api_time_record(parse_time(RFC3339, as_text(text))) if text else None
    except OperandError:
        return None


def _artifact(artifact: JSONObject) -> Artifact:
    metadata = artifact.get("metadata")
    return Artifact(
        artifact_type=as_text(artifact.get("artifactType")),
        subscription_name=as_text(artifact.get("subscriptionName")),
        version=as_text(artifact.get("version")),
        metadata="" if metadata is None else write_json(metadata),
    )

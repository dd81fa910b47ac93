"""Decides by expression: which commits and tags to keep, and when Freight may be created.

Source: Kargo ``freightCreationCriteria`` and the ``expressionFilter`` of subscriptions.
"""

from collections.abc import Callable, Iterator, Mapping

from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text
from promotions.engine.expressions.errors import ExpressionError
from promotions.engine.expressions.functions import discovery_functions
from promotions.engine.expressions.gojson import write_json
from promotions.engine.expressions.language import compile_expression
from promotions.engine.expressions.values import format_value
from promotions.engine.freight import (
    Artifact,
    Chart,
    Commit,
    FreightOrigin,
    FreightReference,
    Image,
)

CriteriaFilter = Callable[[Mapping[str, object]], bool]

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def parse_bool(text: str) -> bool | None:
    """Return what Go's ParseBool reads, or ``None`` if it would refuse."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def truth(value: object) -> bool:
    """Return a boolean as it is, and of anything else what its text says.

    Raises:
        ExpressionError: The text is neither true nor false.
    """
    if isinstance(value, bool):
        return value
    verdict = parse_bool(format_value(value))
    if verdict is None:
        shown = format_value(value)[:100]
        raise ExpressionError(f"the result must be true or false, not {shown!r}")
    return verdict


def compile_filter(text: str) -> CriteriaFilter:
    """Return a predicate over the variables of a commit or tag.

    Raises:
        ExpressionError: The expression is malformed; the predicate raises it if it fails.
    """
    expression = compile_expression(text)
    return lambda variables: truth(expression.evaluate(variables))


def freight_may_be_created(text: str, discovered: JSONObject) -> bool:
    """Return whether a Warehouse's creation criteria accept its newest artifacts.

    Without criteria, or with no Git, image or chart results, they do.

    Args:
        text: The expression; it may use ``commitFrom``, ``imageFrom``, ``chartFrom`` and
            ``artifactFrom``, and no variables.
        discovered: What was discovered, in the form of ``status.discoveredArtifacts``.

    Raises:
        ExpressionError: The expression is malformed, fails, or is neither true nor false.
    """
    if not text.strip() or not any(discovered.get(kind) for kind in ("git", "images", "charts")):
        return True
    environment = discovery_functions(newest_artifacts(discovered))
    return truth(compile_expression(text).evaluate(environment))


def newest_artifacts(discovered: JSONObject) -> FreightReference:
    """Return the first, which is the newest, of what each subscription discovered."""
    return FreightReference(
        name="",
        origin=FreightOrigin(name=""),
        commits=tuple(_commit(*it) for it in _newest(discovered.get("git"), "commits")),
        images=tuple(_image(*it) for it in _newest(discovered.get("images"), "references")),
        charts=tuple(_charts(discovered.get("charts"))),
        artifacts=tuple(
            _artifact(it) for _, it in _newest(discovered.get("results"), "artifactReferences")
        ),
    )


def _newest(results: JSONValue, key: str) -> Iterator[tuple[JSONObject, JSONObject]]:
    for result in map(as_object, as_list(results)):
        found = as_list(result.get(key))
        if found:
            yield result, as_object(found[0])


def _commit(result: JSONObject, commit: JSONObject) -> Commit:
    return Commit(
        repo_url=as_text(result.get("repoURL")),
        id=as_text(commit.get("id")),
        branch=as_text(commit.get("branch")),
        tag=as_text(commit.get("tag")),
        message=as_text(commit.get("subject")),
        author=as_text(commit.get("author")),
        committer=as_text(commit.get("committer")),
        subscription_name=as_text(result.get("subscriptionName")),
    )


def _image(result: JSONObject, image: JSONObject) -> Image:
    annotations = as_object(image.get("annotations"))
    return Image(
        repo_url=as_text(result.get("repoURL")),
        tag=as_text(image.get("tag")),
        digest=as_text(image.get("digest")),
        annotations={key: as_text(value) for key, value in annotations.items()},
        subscription_name=as_text(result.get("subscriptionName")),
    )


def _charts(results: JSONValue) -> Iterator[Chart]:
    for result in map(as_object, as_list(results)):
        versions = as_list(result.get("versions"))
        if versions:
            yield Chart(
                repo_url=as_text(result.get("repoURL")),
                version=as_text(versions[0]),
                name=as_text(result.get("name")),
                subscription_name=as_text(result.get("subscriptionName")),
            )


def _artifact(artifact: JSONObject) -> Artifact:
    metadata = artifact.get("metadata")
    return Artifact(
        artifact_type=as_text(artifact.get("artifactType")),
        subscription_name=as_text(artifact.get("subscriptionName")),
        version=as_text(artifact.get("version")),
        metadata="" if metadata is None else write_json(metadata),
    )

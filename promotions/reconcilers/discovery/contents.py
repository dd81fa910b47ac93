"""Forms Freight from the newest artifact of every subscription.

Source: Kargo ``pkg/controller/warehouses`` (validateDiscoveredArtifacts, buildFreight).
"""

from dataclasses import dataclass

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue, as_list, as_object, as_text


@dataclass(frozen=True, slots=True)
class Missing:
    """Why Freight cannot be formed.

    Attributes:
        health: Reason of the Healthy condition, in Kargo's words.
        reason: Reason of the Ready condition.
        message: For a person.
    """

    health: str
    reason: str
    message: str


def missing_artifacts(discovered: JSONObject) -> Missing | None:
    """Return what discovery did not find that every Freight needs, or ``None``."""
    lists = {key: as_list(discovered.get(key)) for key in ("git", "images", "charts", "results")}
    if not any(lists.values()):
        message = "no subscription has found any artifact"
        return Missing("MissingArtifacts", "MissingArtifacts", message)
    for item in map(as_object, lists["git"]):
        if not as_list(item.get("commits")):
            return _missing("Commits", "commit", item)
    for item in map(as_object, lists["images"]):
        if not as_list(item.get("references")):
            return _missing("ImageReferences", "image tag", item)
    for item in map(as_object, lists["charts"]):
        if not as_list(item.get("versions")):
            return _missing("ChartVersions", "chart version", item)
    return None


def newest_contents(discovered: JSONObject) -> dict[str, list[dict[str, JSONValue]]]:
    """Return ``commits``, ``images`` and ``charts`` of the Freight to form, as manifests have them.

    Raises:
        InvalidError: A subscription has found nothing.
    """
    gap = missing_artifacts(discovered)
    if gap is not None:
        raise InvalidError(gap.message, code="missing_artifacts")
    contents = {
        "commits": [_commit(as_object(it)) for it in as_list(discovered.get("git"))],
        "images": [_image(as_object(it)) for it in as_list(discovered.get("images"))],
        "charts": [_chart(as_object(it)) for it in as_list(discovered.get("charts"))],
    }
    return {key: items for key, items in contents.items() if items}


def _missing(kind: str, what: str, item: JSONObject) -> Missing:
    return Missing(
        f"No{kind}Discovered",
        f"Missing{kind}",
        f"no {what} in {as_text(item.get('repoURL'))} passes the subscription's filters yet",
    )


def _commit(result: JSONObject) -> dict[str, JSONValue]:
    newest = as_object(as_list(result.get("commits"))[0])
    return _present(
        {
            "repoURL": result.get("repoURL"),
            "id": newest.get("id"),
            "branch": newest.get("branch"),
            "tag": newest.get("tag"),
            "message": newest.get("subject"),
            "author": newest.get("author"),
            "committer": newest.get("committer"),
            "subscriptionName": result.get("subscriptionName"),
        }
    )


def _image(result: JSONObject) -> dict[str, JSONValue]:
    newest = as_object(as_list(result.get("references"))[0])
    return _present(
        {
            "repoURL": result.get("repoURL"),
            "tag": newest.get("tag"),
            "digest": newest.get("digest"),
            "annotations": newest.get("annotations"),
            "subscriptionName": result.get("subscriptionName"),
        }
    )


def _chart(result: JSONObject) -> dict[str, JSONValue]:
    return _present(
        {
            "repoURL": result.get("repoURL"),
            "name": result.get("name"),
            "version": as_text(as_list(result.get("versions"))[0]),
            "subscriptionName": result.get("subscriptionName"),
        }
    )


def _present(document: dict[str, JSONValue]) -> dict[str, JSONValue]:
    return {key: value for key, value in document.items() if value not in ("", None, {})}

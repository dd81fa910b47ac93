"""Finds the images that an image subscription wants.

Source: Kargo ``pkg/controller/warehouses`` image discovery.
"""

from datetime import UTC, datetime

from common.errors import NotFoundError
from common.jsontypes import JSONObject, JSONValue, as_text
from promotions.engine.images import ImageDetails, Platform
from promotions.engine.selection import images as selection
from promotions.engine.selection.images import ImageStrategy
from promotions.engine.selection.tagnames import tag_rules
from promotions.ports.credentials import Credential
from promotions.ports.oci import ImageRegistry, Repository
from promotions.reconcilers.discovery.git import DEFAULT_LIMIT

_EPOCH = datetime.fromtimestamp(0, tz=UTC)


def discover_images(
    document: JSONObject,
    *,
    name: str,
    registry: ImageRegistry,
    credential: Credential | None,
) -> dict[str, JSONValue]:
    """Return Kargo's ImageDiscoveryResult for one subscription.

    A repository without tags is no error: nothing has been found yet.

    Args:
        document: The subscription's ``image`` object.
        name: The subscription's name; empty if it has none.
        registry: Where to read.
        credential: ``None`` for anonymous access.

    Raises:
        UpstreamError: The registry cannot be read.
        NotFoundError: It has no such repository.
        InvalidError: A pattern, constraint or platform is malformed.
    """
    repository = Repository(
        url=as_text(document.get("repoURL")),
        credential=credential,
        verify_tls=document.get("insecureSkipTLSVerify") is not True,
    )
    strategy = ImageStrategy(as_text(document.get("imageSelectionStrategy")) or "SemVer")
    platform = as_text(document.get("platform"))
    limit = document.get("discoveryLimit")
    found: dict[str, ImageDetails] = {}

    def describe(tag: str) -> selection.ImageDetails | None:
        details = registry.resolve(
            repository,
            tag,
            platform=Platform.parse(platform) if platform else None,
            cache_by_tag=document.get("cacheByTag") is True
            and strategy is not ImageStrategy.DIGEST,
        )
        if details is None:
            return None
        found[tag] = details
        return selection.ImageDetails(
            tag=tag,
            digest=details.digest,
            created_at=details.created_at or _EPOCH,
            platforms=frozenset({platform} if platform else ()),
        )

    selected = selection.select_images(
        () if strategy is ImageStrategy.DIGEST else _tags(registry, repository),
        strategy=strategy,
        rules=tag_rules(document, constraint=as_text(document.get("constraint"))),
        describe=describe,
        limit=limit if isinstance(limit, int) else DEFAULT_LIMIT,
        platform=platform,
    )
    result: dict[str, JSONValue] = {"repoURL": repository.url}
    if platform:
        result["platform"] = platform
    if name:
        result["subscriptionName"] = name
    return {**result, "references": [_reference(found[image.tag]) for image in selected]}


def _tags(registry: ImageRegistry, repository: Repository) -> tuple[str, ...]:
    try:
        return registry.tags(repository)
    except NotFoundError as error:
        if error.code != "no_tags":
            raise
        return ()


def _reference(details: ImageDetails) -> dict[str, JSONValue]:
    document: dict[str, JSONValue] = {"tag": details.tag, "digest": details.digest}
    if details.annotations:
        document["annotations"] = dict(details.annotations)
    if details.created_at is not None:
        document["createdAt"] = details.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return document

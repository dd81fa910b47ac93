"""What a delivery of GitHub comes to: pushes, packages and closed pull requests.

Source: Kargo ``pkg/webhook/external`` githubWebhookReceiver.
"""

from collections.abc import Callable

from common.jsontypes import as_object, as_text
from promotions.engine.urls import normalise_git_url
from promotions.engine.webhooks.decisions import (
    NOTHING_TO_DO,
    PONG,
    Decision,
    RefreshPromotions,
    refresh_warehouses,
    unsupported_event,
)
from promotions.engine.webhooks.deliveries import Delivery, check_signature
from promotions.engine.webhooks.media_types import artifact_repo_urls
from promotions.engine.webhooks.payloads import Fields, malformed_body, parse_payload
from promotions.engine.webhooks.pushes import changed_paths

SECRET_KEY = "secret"  # noqa: S105  the key's name

_MOST_COMMITS = 2048
_REFRESHING_ACTIONS = frozenset({"published", "updated"})
_CONTAINER_TYPES = frozenset({"CONTAINER", "docker"})


def receive(delivery: Delivery) -> Decision:
    """Return what to do.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    key = delivery.secret_value(SECRET_KEY)
    event = delivery.header("X-GitHub-Event")
    handle = _HANDLERS.get(event)
    if handle is None:
        raise unsupported_event(event)
    check_signature(delivery, header="X-Hub-Signature-256", key=key)
    return handle(parse_payload(delivery.body))


def _ping(_payload: Fields) -> Decision:
    return PONG


def _push(payload: Fields) -> Decision:
    repository = payload.fields("repository")
    clone_url, ssh_url = repository.text("clone_url"), repository.text("ssh_url")
    commits = payload.each("commits")
    head = payload.optional_fields("head_commit")
    paths = changed_paths(commits if head is None else [*commits, head])
    return refresh_warehouses(
        [normalise_git_url(clone_url), normalise_git_url(ssh_url)],
        qualifiers=[payload.text("ref")],
        # GitHub lists no more than this many commits, so a full list may not be the whole list.
        changed_files=paths if len(commits) < _MOST_COMMITS else [],
    )


def _pull_request(payload: Fields) -> Decision:
    action = payload.text("action")
    url = payload.fields("pull_request").text("html_url")
    return RefreshPromotions(url) if action == "closed" else NOTHING_TO_DO


def _package(payload: Fields) -> Decision:
    return _container_push(payload.text("action"), payload.optional_fields("package"))


def _registry_package(payload: Fields) -> Decision:
    return _container_push(payload.text("action"), payload.optional_fields("registry_package"))


def _container_push(action: str, package: Fields | None) -> Decision:
    version = package.optional_fields("package_version") if package else None
    package_type = package.text("package_type") if package else ""
    refresh = _refresh(version or Fields({}))
    if action not in _REFRESHING_ACTIONS:
        return NOTHING_TO_DO
    if version is None:
        raise malformed_body()
    return refresh if package_type in _CONTAINER_TYPES else NOTHING_TO_DO


def _refresh(version: Fields) -> Decision:
    metadata = version.fields("container_metadata")
    manifest = metadata.fields("manifest").members
    media_type = as_text(as_object(manifest.get("config")).get("media_type"))
    # For a package without a tag GitHub may send an address that ends in a colon.
    repo_url = version.text("package_url").removesuffix(":")
    return refresh_warehouses(
        artifact_repo_urls(repo_url, media_type=media_type),
        qualifiers=[metadata.fields("tag").text("name")],
    )


_HANDLERS: dict[str, Callable[[Fields], Decision]] = {
    "package": _package,
    "ping": _ping,
    "pull_request": _pull_request,
    "push": _push,
    "registry_package": _registry_package,
}

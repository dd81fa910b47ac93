"""What a delivery of GitLab comes to: pushes of branches and tags, and merge requests.

Source: Kargo ``pkg/webhook/external`` gitlabWebhookReceiver.
"""

from collections.abc import Callable
from http import HTTPStatus

from promotions.engine.urls import normalise_git_url
from promotions.engine.webhooks.decisions import (
    NOTHING_TO_DO,
    Decision,
    RefreshPromotions,
    RefusedError,
    refresh_warehouses,
    unsupported_event,
)
from promotions.engine.webhooks.deliveries import Delivery, is_same_secret
from promotions.engine.webhooks.payloads import Fields, parse_payload
from promotions.engine.webhooks.pushes import changed_paths

SECRET_KEY = "secret-token"  # noqa: S105  the key's name

_FINAL_ACTIONS = frozenset({"close", "merge"})


def receive(delivery: Delivery) -> Decision:
    """Return what to do; the token comes before the kind of event.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    token = delivery.secret_value(SECRET_KEY)
    if not is_same_secret(delivery.header("X-Gitlab-Token"), token):
        raise RefusedError(HTTPStatus.UNAUTHORIZED)
    event = delivery.header("X-Gitlab-Event")
    handle = _HANDLERS.get(event)
    if handle is None:
        raise unsupported_event(event)
    return handle(parse_payload(delivery.body))


def _push(payload: Fields) -> Decision:
    commits = payload.each("commits")
    paths = changed_paths(commits)
    # GitLab lists only the newest commits of a large push.
    is_complete = payload.integer("total_commits_count") <= len(commits)
    return _refresh(payload, changed_files=paths if is_complete else [])


def _tag_push(payload: Fields) -> Decision:
    return _refresh(payload, changed_files=[])


def _merge_request(payload: Fields) -> Decision:
    attributes = payload.fields("object_attributes")
    action, url = attributes.text("action"), attributes.text("url")
    return RefreshPromotions(url) if action in _FINAL_ACTIONS else NOTHING_TO_DO


def _refresh(payload: Fields, *, changed_files: list[str]) -> Decision:
    repository = payload.fields("repository")
    return refresh_warehouses(
        [
            normalise_git_url(repository.text("git_http_url")),
            normalise_git_url(repository.text("git_ssh_url")),
        ],
        qualifiers=[payload.text("ref")],
        changed_files=changed_files,
    )


_HANDLERS: dict[str, Callable[[Fields], Decision]] = {
    "Merge Request Hook": _merge_request,
    "Push Hook": _push,
    "Tag Push Hook": _tag_push,
}

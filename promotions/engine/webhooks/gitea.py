"""What a delivery of Gitea comes to: pushes and closed pull requests.

Source: Kargo ``pkg/webhook/external`` giteaWebhookReceiver.
"""

from collections.abc import Callable
from http import HTTPStatus

from promotions.engine.urls import normalise_git_url
from promotions.engine.webhooks.decisions import (
    NOTHING_TO_DO,
    Decision,
    RefreshPromotions,
    refresh_warehouses,
    unsupported_event,
)
from promotions.engine.webhooks.deliveries import Delivery, check_signature
from promotions.engine.webhooks.payloads import Fields, parse_payload
from promotions.engine.webhooks.pushes import changed_paths

SECRET_KEY = "secret"  # noqa: S105  the key's name


def receive(delivery: Delivery) -> Decision:
    """Return what to do; Gitea signs as GitHub does.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    key = delivery.secret_value(SECRET_KEY)
    event = delivery.header("X-Gitea-Event")
    handle = _HANDLERS.get(event)
    if handle is None:
        raise unsupported_event(event, HTTPStatus.NOT_IMPLEMENTED)
    check_signature(delivery, header="X-Hub-Signature-256", key=key)
    return handle(parse_payload(delivery.body))


def _push(payload: Fields) -> Decision:
    commits = payload.each("commits")
    paths = changed_paths(commits)
    # Gitea lists only the newest commits of a large push.
    is_complete = payload.integer("total_commits") <= len(commits)
    return refresh_warehouses(
        [normalise_git_url(payload.fields("repository").text("clone_url"))],
        qualifiers=[payload.text("ref")],
        changed_files=paths if is_complete else [],
    )


def _pull_request(payload: Fields) -> Decision:
    action = payload.text("action")
    url = payload.fields("pull_request").text("html_url")
    return RefreshPromotions(url) if action == "closed" else NOTHING_TO_DO


_HANDLERS: dict[str, Callable[[Fields], Decision]] = {
    "pull_request": _pull_request,
    "push": _push,
}

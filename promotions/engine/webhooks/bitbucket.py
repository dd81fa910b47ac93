"""What a delivery of Bitbucket comes to: pushes and finished pull requests.

Bitbucket Cloud and Bitbucket Server (Data Center) send different events of different shapes.

Source: Kargo ``pkg/webhook/external`` bitbucketWebhookReceiver.
"""

from collections.abc import Callable

from promotions.engine.urls import normalise_git_url
from promotions.engine.webhooks.decisions import (
    Decision,
    RefreshPromotions,
    refresh_warehouses,
    unsupported_event,
)
from promotions.engine.webhooks.deliveries import Delivery, check_signature
from promotions.engine.webhooks.payloads import Fields, parse_payload

SECRET_KEY = "secret"  # noqa: S105  the key's name


def receive(delivery: Delivery) -> Decision:
    """Return what to do.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    key = delivery.secret_value(SECRET_KEY)
    event = delivery.header("X-Event-Key")
    handle = _HANDLERS.get(event)
    if handle is None:
        raise unsupported_event(event)
    check_signature(delivery, header="X-Hub-Signature", key=key)
    return handle(parse_payload(delivery.body))


def _cloud_push(payload: Fields) -> Decision:
    _check_actor(payload)
    changes = payload.fields("push").each("changes")
    # Kargo takes this address as it is, where it brings every other one into its normal form.
    repo_url = payload.fields("repository").fields("links").fields("html").text("href")
    return refresh_warehouses([repo_url], qualifiers=[_cloud_ref(it) for it in changes])


def _cloud_ref(change: Fields) -> str:
    """Return the full name of the ref; the empty string if it was deleted."""
    new = change.fields("new")
    kind, name = new.text("type"), new.text("name")
    if not name:
        return ""
    return f"refs/tags/{name}" if kind == "tag" else f"refs/heads/{name}"


def _server_push(payload: Fields) -> Decision:
    _check_actor(payload)
    links = payload.fields("repository").fields("links").each("clone")
    return refresh_warehouses(
        [normalise_git_url(link.text("href")) for link in links],
        qualifiers=[change.fields("ref").text("id") for change in payload.each("changes")],
    )


def _cloud_pull_request(payload: Fields) -> Decision:
    links = payload.fields("pullrequest").fields("links")
    return RefreshPromotions(links.fields("html").text("href"))


def _server_pull_request(payload: Fields) -> Decision:
    links = payload.fields("pullRequest").fields("links").each("self")
    urls = [link.text("href") for link in links]
    return RefreshPromotions(urls[0] if urls else "")


def _check_actor(payload: Fields) -> None:
    """Refuse a push whose actor has no proper name; nothing else is made of it."""
    actor = payload.fields("actor")
    actor.text("name")
    actor.text("emailAddress")


_HANDLERS: dict[str, Callable[[Fields], Decision]] = {
    "pr:declined": _server_pull_request,
    "pr:merged": _server_pull_request,
    "pullrequest:fulfilled": _cloud_pull_request,
    "pullrequest:rejected": _cloud_pull_request,
    "repo:push": _cloud_push,
    "repo:refs_changed": _server_push,
}

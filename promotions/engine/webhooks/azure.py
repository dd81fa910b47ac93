"""What a delivery of Azure comes to: pushes to Container Registry, and DevOps events.

Azure signs nothing: only the receiver's address, which nobody can guess, speaks for the sender.

Source: Kargo ``pkg/webhook/external`` azureWebhookReceiver.
"""

from http import HTTPStatus

from promotions.engine.urls import normalise_git_url
from promotions.engine.webhooks.decisions import (
    NOTHING_TO_DO,
    PONG,
    Decision,
    RefreshPromotions,
    RefusedError,
    refresh_warehouses,
    unsupported_event,
)
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.media_types import artifact_repo_urls
from promotions.engine.webhooks.payloads import Fields, parse_payload

SECRET_KEY = "secret"  # noqa: S105  the key's name

_REGISTRY_AGENT = "AzureContainerRegistry"
_DEVOPS_AGENT = "VSServices"


def receive(delivery: Delivery) -> Decision:
    """Return what to do; the user agent tells the two services apart.

    Raises:
        RefusedError: The delivery is not supported or not valid.
    """
    agent = delivery.header("User-Agent")
    if agent.startswith(_REGISTRY_AGENT):
        return _registry(parse_payload(delivery.body))
    if agent.startswith(_DEVOPS_AGENT):
        return _devops(parse_payload(delivery.body))
    message = "request does not appear to have originated from a supported service"
    raise RefusedError(HTTPStatus.BAD_REQUEST, message)


def _registry(payload: Fields) -> Decision:
    action = payload.text("action")
    target = payload.fields("target")
    repository = f"{payload.fields('request').text('host')}/{target.text('repository')}"
    refresh = refresh_warehouses(
        artifact_repo_urls(repository, media_type=target.text("mediaType")),
        qualifiers=[target.text("tag")],
    )
    match action:
        case "push":
            return refresh
        case "ping":
            return PONG
        case _:
            raise unsupported_event(action)


def _devops(payload: Fields) -> Decision:
    event = payload.text("eventType")
    resource = payload.fields("resource")
    push = refresh_warehouses(
        [normalise_git_url(resource.fields("repository").text("remoteUrl"))],
        qualifiers=[update.text("name") for update in resource.each("refUpdates")],
    )
    pull_request = RefreshPromotions(resource.fields("_links").fields("web").text("href"))
    is_abandoned = resource.text("status") == "abandoned"
    match event:
        case "git.push":
            return push
        case "git.pullrequest.merged":
            return pull_request
        case "git.pullrequest.updated":
            return pull_request if is_abandoned else NOTHING_TO_DO
        case _:
            raise unsupported_event(event)

"""What a delivery of Harbor comes to: pushes of artefacts.

Source: Kargo ``pkg/webhook/external`` harborWebhookReceiver; Harbor's "Default" payload format.
"""

from http import HTTPStatus

from promotions.engine.webhooks.decisions import Decision, RefusedError, refresh_warehouses
from promotions.engine.webhooks.deliveries import Delivery, check_authorization
from promotions.engine.webhooks.media_types import image_or_chart_urls
from promotions.engine.webhooks.payloads import parse_payload

SECRET_KEY = "auth-header"  # noqa: S105  the key's name


def receive(delivery: Delivery) -> Decision:
    """Return what to do; the kind of event is in the body.

    Raises:
        RefusedError: The delivery is not authentic, not supported or not valid.
    """
    key = delivery.secret_value(SECRET_KEY)
    check_authorization(delivery, header="Authorization", key=key)
    payload = parse_payload(delivery.body)
    resources = payload.fields("event_data").each("resources")
    tags = [resource.text("tag") for resource in resources]
    urls = [resource.text("resource_url") for resource in resources]
    if payload.text("type") != "PUSH_ARTIFACT":
        raise RefusedError(HTTPStatus.BAD_REQUEST, "unsupported event type")
    # One event is about one repository, so the first address speaks for all.
    repo_urls = image_or_chart_urls(urls[0]) if urls else []
    return refresh_warehouses(repo_urls, qualifiers=tags)

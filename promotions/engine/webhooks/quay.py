"""What a delivery of Quay comes to: pushes of tags.

Quay signs nothing: only the receiver's address, which nobody can guess, speaks for the sender.

Source: Kargo ``pkg/webhook/external`` quayWebhookReceiver.
"""

from promotions.engine.webhooks.decisions import Decision, refresh_warehouses
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.media_types import image_or_chart_urls
from promotions.engine.webhooks.payloads import parse_payload

SECRET_KEY = "secret"  # noqa: S105  the key's name


def receive(delivery: Delivery) -> Decision:
    """Return what to do.

    Raises:
        RefusedError: The delivery is not valid.
    """
    payload = parse_payload(delivery.body)
    return refresh_warehouses(
        image_or_chart_urls(payload.text("docker_url")),
        qualifiers=payload.texts("updated_tags"),
    )

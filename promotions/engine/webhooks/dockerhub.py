"""What a delivery of Docker Hub comes to: pushes of tags.

Docker Hub signs nothing: only the receiver's address, which nobody can guess, speaks for the
sender.

Source: Kargo ``pkg/webhook/external`` dockerhubWebhookReceiver.
"""

from promotions.engine.webhooks.decisions import Decision, refresh_warehouses
from promotions.engine.webhooks.deliveries import Delivery
from promotions.engine.webhooks.media_types import artifact_repo_urls
from promotions.engine.webhooks.payloads import parse_payload

SECRET_KEY = "secret"  # noqa: S105  the key's name


def receive(delivery: Delivery) -> Decision:
    """Return what to do.

    Raises:
        RefusedError: The delivery is not valid.
    """
    payload = parse_payload(delivery.body)
    pushed = payload.fields("push_data")
    repo_name = payload.fields("repository").text("repo_name")
    return refresh_warehouses(
        artifact_repo_urls(repo_name, media_type=pushed.text("media_type")),
        qualifiers=[pushed.text("tag")],
    )

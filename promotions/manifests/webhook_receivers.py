"""Writes where a configuration's webhook receivers listen, as its status shows it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from projects.models import ClusterConfig, ProjectConfig
from projects.models.tenant import DEFAULT_TENANT
from promotions.models import WebhookReceiver


def receivers_to(config: ProjectConfig | ClusterConfig) -> list[dict[str, Any]]:
    """Write ``status.webhookReceivers``: those that have an address, in the order of the spec."""
    if not config.spec.get("webhookReceivers"):
        return []
    rows = WebhookReceiver.objects.select_related("tenant").exclude(digest="")
    if isinstance(config, ProjectConfig):
        rows = rows.filter(project=config.project_id)
    else:
        rows = rows.filter(tenant=config.tenant_id, project=None)
    return [_receiver_to(row) for row in rows.order_by("position", "pk")]


def receiver_url(receiver: WebhookReceiver) -> str:
    """Return the address that a provider is to be given; reads ``receiver.tenant``."""
    tenant = receiver.tenant.name
    prefix = "" if tenant == DEFAULT_TENANT else f"/t/{tenant}"
    base = str(settings.WEBHOOK_BASE_URL or settings.BASE_URL).rstrip("/")
    return f"{base}{prefix}/webhooks/{receiver.kind}/{receiver.digest}"


def _receiver_to(receiver: WebhookReceiver) -> dict[str, Any]:
    url = receiver_url(receiver)
    return {"name": receiver.name, "path": urlsplit(url).path, "url": url}

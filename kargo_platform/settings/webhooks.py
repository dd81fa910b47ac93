"""Webhook receivers: their address, and how much each one takes."""

from kargo_platform.settings.env import env

WEBHOOK_BASE_URL = env.str("KARGO_WEBHOOK_BASE_URL", default="")
"""What receivers' addresses begin with, if that is not ``KARGO_BASE_URL``."""
WEBHOOK_BURST = env.int("KARGO_WEBHOOK_BURST", default=60)
"""How many deliveries to one receiver each web process takes at once; more are told to wait."""
WEBHOOKS_PER_SECOND = env.float("KARGO_WEBHOOKS_PER_SECOND", default=5.0)
"""How many it takes in the long run."""

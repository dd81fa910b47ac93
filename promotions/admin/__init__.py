"""Support pages about the domain; one module for each part of it."""

from promotions.admin import (
    analysis,
    audit,
    events,
    freight,
    intents,
    messages,
    previews,
    promotions,
    prompts,
    stages,
    tasks,
    tenants,
    warehouses,
    webhooks,
    work,
)

__all__ = [
    "analysis",
    "audit",
    "events",
    "freight",
    "intents",
    "messages",
    "previews",
    "promotions",
    "prompts",
    "stages",
    "tasks",
    "tenants",
    "warehouses",
    "webhooks",
    "work",
]

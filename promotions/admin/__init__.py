"""Support pages about the domain; one module for each part of it."""

from promotions.admin import (
    analysis,
    freight,
    intents,
    messages,
    previews,
    promotions,
    prompts,
    stages,
    tasks,
    warehouses,
    work,
)

__all__ = [
    "analysis",
    "freight",
    "intents",
    "messages",
    "previews",
    "promotions",
    "prompts",
    "stages",
    "tasks",
    "warehouses",
    "work",
]

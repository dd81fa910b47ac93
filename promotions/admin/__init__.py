"""Support pages about the domain; one module for each part of it."""

from promotions.admin import (
    analysis,
    freight,
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
    "messages",
    "previews",
    "promotions",
    "prompts",
    "stages",
    "tasks",
    "warehouses",
    "work",
]

"""Support pages about the domain; one module for each part of it."""

from promotions.admin import analysis, freight, promotions, stages, tasks, warehouses, work

__all__ = ["analysis", "freight", "promotions", "stages", "tasks", "warehouses", "work"]

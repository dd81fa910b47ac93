"""Writes what a Warehouse's reconcile pass finds."""

from datetime import datetime
from typing import Any

from projects.models import ChangeType
from projects.services.changes import record_change
from promotions.engine.conditions import Condition
from promotions.manifests.conditions import conditions_to
from promotions.models import Warehouse


def store_discovery(
    warehouse: Warehouse, *, conditions: tuple[Condition, ...], now: datetime, **columns: Any
) -> None:
    """Write conditions and ``columns`` of a Warehouse, and record a change if there is one."""
    values = {"conditions": conditions_to(conditions), **columns}
    if all(getattr(warehouse, name) == value for name, value in values.items()):
        return
    Warehouse.objects.filter(pk=warehouse.pk).update(updated_at=now, **values)
    for name, value in values.items():
        setattr(warehouse, name, value)
    record_change(
        warehouse,
        change_type=ChangeType.MODIFIED,
        tenant_uid=warehouse.project.tenant.uid,
        project_uid=warehouse.project.uid,
    )

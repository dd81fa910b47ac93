"""Which tenant a row is of: found through its columns, for any model.

A row says so itself (``tenant_uid``), or what it belongs to does. Nothing here knows the models:
who adds one need not add it to a list.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import SET_NULL, ForeignKey, Model, QuerySet

ModelT = TypeVar("ModelT", bound=Model)

TENANT = "projects.tenant"
_OWN = "tenant_uid"


@cache
def tenant_path(model: type[Model]) -> str:
    """Return the lookup that leads from a row to its tenant's uid; empty if no tenant has it.

    The shortest there is. Columns that may be null lead nowhere, unless they name the tenant: a row
    in which they are null is the platform's.
    """
    return _path(model, seen=frozenset())


def of_tenants(rows: QuerySet[ModelT], tenants: Iterable[UUID]) -> QuerySet[ModelT]:
    """Return those of ``rows`` that belong to one of ``tenants``; none if no tenant has any."""
    path = tenant_path(rows.model)
    return rows.filter(**{f"{path}__in": list(tenants)}) if path else rows.none()


def children_first(models: Iterable[type[Model]]) -> list[type[Model]]:
    """Return models in an order in which their rows can be removed: what refers comes first.

    References that the database empties do not count.
    """
    wanted = sorted(models, key=lambda model: str(_meta(model).label))
    parents = {model: set(_parents(model)) & set(wanted) for model in wanted}
    ordered: list[type[Model]] = []
    while parents:
        referred = {parent for found in parents.values() for parent in found}
        free = [model for model in wanted if model in parents and model not in referred]
        if not free:
            names = ", ".join(_meta(model).label for model in parents)
            raise ValueError(f"these models refer to each other in a circle: {names}")
        ordered += free
        for model in free:
            del parents[model]
    return ordered


def _path(model: type[Model], *, seen: frozenset[type[Model]]) -> str:
    if _meta(model).label_lower == TENANT:
        return "uid"
    if any(field.name == _OWN for field in _meta(model).concrete_fields):
        return _OWN
    paths = [
        f"{field.name}__{rest}"
        for field in _references(model)
        if _leads_on(field)
        and (target := _target(field)) not in seen
        and (rest := _path(target, seen=seen | {model}))
    ]
    return min(paths, key=lambda path: (path.count("__"), path), default="")


def _leads_on(field: "ForeignKey[Any, Any]") -> bool:
    return not field.null or _meta(_target(field)).label_lower == TENANT


def _parents(model: type[Model]) -> Iterator[type[Model]]:
    for field in _references(model):
        is_emptied = field.remote_field.on_delete is SET_NULL
        if not is_emptied and _target(field) is not model:
            yield _target(field)


def _references(model: type[Model]) -> Iterator["ForeignKey[Any, Any]"]:
    for field in _meta(model).concrete_fields:
        if isinstance(field, ForeignKey):
            yield field


def _target(field: "ForeignKey[Any, Any]") -> type[Model]:
    target: type[Model] = field.remote_field.model
    return target


def _meta(model: type[Model]) -> Any:
    return model._meta  # noqa: SLF001 - Django documents _meta

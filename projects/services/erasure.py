"""Removes all that a tenant owns, some rows at a time; only the audit stays.

What a tenant owns is found through the models' columns (``common.tenancy``), so that a model that
is added later is not forgotten.
"""

from collections.abc import Iterator
from functools import cache

from django.apps import apps
from django.db.models import Model, QuerySet

from common.tenancy import children_first, of_tenants, tenant_path
from projects.models import Tenant
from rbac.services.identities import remove_people

BATCH = 500
"""How many rows one transaction removes."""
AUDIT = ("AuditChain", "AuditCheckpoint", "AuditEvent")
"""What outlives its tenant."""


def erase_some(tenant: Tenant, *, limit: int = BATCH) -> int:
    """Remove up to ``limit`` rows of a tenant, or, if nothing else is left, the tenant itself.

    Call it in a transaction, again and again, until it returns 0: then all is gone. It may be cut
    off anywhere in between, and begun again.

    Returns:
        How many rows were removed.
    """
    people = remove_people(tenant_uid=tenant.uid, limit=limit)
    if people:
        return people
    for model in owned_models():
        rows = owned_rows(model, tenant)
        pks = list(rows.order_by("pk").values_list("pk", flat=True)[:limit])
        if pks:
            model._base_manager.filter(pk__in=pks).delete()  # noqa: SLF001 - documented name
            return len(pks)
    return Tenant.objects.filter(pk=tenant.pk).delete()[0]


def owned_rows(model: type[Model], tenant: Tenant) -> QuerySet[Model]:
    """Return a tenant's rows of one kind, those marked deleted too."""
    return of_tenants(model._base_manager.all(), [tenant.uid])  # noqa: SLF001 - documented name


def kept_models() -> list[type[Model]]:
    """Return the models whose rows outlive their tenant."""
    return [model for model in _tenant_models() if model.__name__ in AUDIT]


@cache
def owned_models() -> tuple[type[Model], ...]:
    """Return the models whose rows go with their tenant, in the order in which they can."""
    owned = [it for it in _tenant_models() if it.__name__ not in AUDIT and it is not Tenant]
    return tuple(children_first(owned))


def _tenant_models() -> Iterator[type[Model]]:
    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy and tenant_path(model):  # noqa: SLF001
            yield model

"""Counts what a tenant stores: the documents and secrets that are alive, not the history.

Promotions, their steps, analysis runs, the audit and what was deleted do not count: they are the
platform's history, which people cannot remove, and how long it is kept is the operator's choice.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import transaction

from common.models import Resource
from common.tenancy import of_tenants
from projects.models import Project, Quota, Tenant
from projects.services.quotas import SIZED, charge_storage, quota_of, size_of, size_of_row
from promotions.models import AnalysisRun, Freight, FreightArtifact, Promotion, PromotionRequest
from rbac import audit

_UNCOUNTED = (Project, Promotion, PromotionRequest, AnalysisRun)


def bytes_of(resource: Resource) -> int:
    """Return how much of its tenant's storage an object takes, with what belongs to it."""
    if isinstance(resource, _UNCOUNTED):
        return 0
    size = size_of_row(resource)
    if isinstance(resource, Freight) and resource.pk is not None:
        documents = FreightArtifact.objects.filter(freight=resource)
        size += sum(map(_document_bytes, documents.values_list("document", flat=True)))
    return size


def charge(tenant_uid: UUID, more_bytes: int) -> None:
    """Count bytes that were just stored, or (negative) given up, in the same transaction.

    Raises:
        QuotaError: The tenant may not store that much.
    """
    quota = quota_of(tenant_uid)
    is_limited = quota is not None and quota.max_storage_bytes is not None
    if quota is not None and is_limited and quota.storage_bytes is None:
        measure_storage(quota.tenant, without=more_bytes)
    charge_storage(tenant_uid, more_bytes)


@transaction.atomic
def measure_storage(tenant: Tenant, *, without: int = 0) -> int:
    """Count all that a tenant stores anew, keep the result and return it, in bytes.

    Its writers wait meanwhile. ``without`` is what is stored already and counted afterwards.
    """
    audit.take_turn(tenant.uid)
    total = sum(_measured(tenant)) - without
    quota = quota_of(tenant.uid)
    if quota is not None:
        Quota.objects.filter(pk=quota.pk).update(storage_bytes=total)
    return total


def storage_used(tenant: Tenant) -> int:
    """Return how many bytes a tenant stores, measuring it if that was never done."""
    quota = quota_of(tenant.uid)
    if quota is None or quota.storage_bytes is None:
        return measure_storage(tenant)
    return quota.storage_bytes


def _measured(tenant: Tenant) -> Iterator[int]:
    for model in apps.get_models():
        if not issubclass(model, Resource) or issubclass(model, _UNCOUNTED):
            continue
        names = [it.name for it in model._meta.concrete_fields if it.name in SIZED]  # noqa: SLF001
        rows = of_tenants(model.objects.all(), [tenant.uid])
        for values in rows.values(*names).iterator():
            yield size_of(values)
    living = FreightArtifact.objects.filter(
        freight__deleted_at__isnull=True, freight__project__tenant=tenant
    )
    for document in living.values_list("document", flat=True).iterator():
        yield _document_bytes(document)


def _document_bytes(document: Any) -> int:
    return size_of({"data": document})

"""Writes the outbox."""

from uuid import UUID

from django.db import transaction

from common.models import Resource
from projects.models import Change, ChangeType


@transaction.atomic(savepoint=False)
def record_change(
    resource: Resource, *, change_type: ChangeType, tenant_uid: UUID, project_uid: UUID | None
) -> Change:
    """Add a row that says ``resource`` changed, and make its id the resource's revision.

    Call it in the transaction of the change, after the change. A revision never goes back: of two
    transactions that touch one resource, the one that wrote the later change has the last word.
    """
    Change.objects.announce()
    change = Change.objects.create(
        tenant_uid=tenant_uid,
        project_uid=project_uid,
        kind=kind_of(resource),
        uid=resource.uid,
        name=resource.name,
        type=change_type,
    )
    resource.revision = change.pk
    rows = type(resource).everything.filter(pk=resource.pk, revision__lt=change.pk)
    rows.update(revision=change.pk)
    return change


def kind_of(resource: Resource) -> str:
    """Return the Kargo kind of a resource, which is the name of its model."""
    return type(resource).__name__

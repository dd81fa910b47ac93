"""Writes metadata on Stages and Freight, and a Freight's alias, for promotion steps."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.clock import now as read_clock
from common.errors import InvalidError, NotFoundError
from common.jsontypes import JSONObject
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions.models import Freight, Stage
from promotions.ports.metadata import MetadataKind
from promotions.services.freight import rename_freight
from rbac.actors import controller

_MODELS: dict[MetadataKind, type[Freight] | type[Stage]] = {
    MetadataKind.STAGE: Stage,
    MetadataKind.FREIGHT: Freight,
}


@dataclass(frozen=True, slots=True)
class DatabaseMetadata:
    """:class:`~promotions.ports.metadata.MetadataStore` in the database."""

    @transaction.atomic
    def upsert(
        self, *, tenant_uid: str, project: str, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        """Set each key of an object's metadata to exactly its value; other keys stay."""
        row = _locked(kind, tenant_uid=tenant_uid, project=project, name=name)
        if "" in values:
            raise InvalidError(f'{kind} "{name}" cannot have metadata with an empty key')
        metadata = {**row.metadata, **values}
        if metadata == row.metadata:
            return
        _store(row, metadata, now=read_clock())

    @transaction.atomic
    def set_freight_alias(self, *, tenant_uid: str, project: str, name: str, alias: str) -> str:
        """Give a Freight an alias and return the one it had."""
        row = _locked(MetadataKind.FREIGHT, tenant_uid=tenant_uid, project=project, name=name)
        if not isinstance(row, Freight):
            raise TypeError(f"{row!r} is not Freight")
        before = row.alias
        if before != alias:
            rename_freight(row, alias, actor=controller("promotion"), now=read_clock())
        return before


def _locked(kind: MetadataKind, *, tenant_uid: str, project: str, name: str) -> Freight | Stage:
    row = (
        _MODELS[kind]
        .objects.select_for_update(of=("self",))
        .filter(project__tenant__uid=tenant_uid, project__name=project, name=name)
        .select_related("project__tenant")
        .first()
    )
    if row is None:
        raise NotFoundError(f'{kind} "{name}" not found in Project "{project}"')
    return row


def _store(row: Freight | Stage, metadata: JSONObject, *, now: datetime) -> None:
    type(row).objects.filter(pk=row.pk).update(metadata=metadata, updated_at=now)
    record_change(
        row,
        change_type=ChangeType.MODIFIED,
        tenant_uid=row.project.tenant.uid,
        project_uid=row.project.uid,
    )

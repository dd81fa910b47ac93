"""Writes metadata on Stages and Freight, and a Freight's alias, for promotion steps."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from common.clock import now as read_clock
from common.errors import InvalidError, NotFoundError
from common.jsontypes import JSONObject, as_object
from common.redaction import mask_json, mask_secrets
from projects.models import ChangeType
from promotions.models import Freight, Stage
from promotions.ports.metadata import MAX_METADATA_BYTES, MetadataKind
from promotions.ports.origin import StepOrigin
from promotions.services.freight import rename_freight
from promotions.services.saving import Write, owner_of, record, tell
from promotions.services.step_stores import actor_of, promotion_of, stored

_MODELS: dict[MetadataKind, type[Freight] | type[Stage]] = {
    MetadataKind.STAGE: Stage,
    MetadataKind.FREIGHT: Freight,
}
_PLURALS = {MetadataKind.STAGE: "stages", MetadataKind.FREIGHT: "freights"}


@dataclass(frozen=True, slots=True)
class DatabaseMetadata:
    """:class:`~promotions.ports.metadata.MetadataStore` in the database.

    In the audit, the promotion's actor did it.
    """

    def upsert(
        self, origin: StepOrigin, *, kind: MetadataKind, name: str, values: JSONObject
    ) -> None:
        """Set each key of an object's metadata to exactly its value; other keys stay.

        Metadata is for people to read and stays: secrets in it are masked.
        """
        values = as_object(mask_json(values))
        with stored():
            row = _locked(origin, kind, name)
            metadata = {**row.metadata, **values}
            _check(metadata)
            if metadata != row.metadata:
                _store(row, metadata, changed=values, origin=origin, now=read_clock())

    def set_freight_alias(self, origin: StepOrigin, *, name: str, alias: str) -> str:
        """Give a Freight an alias and return the one it had."""
        alias = mask_secrets(alias)
        with stored():
            row = _locked(origin, MetadataKind.FREIGHT, name)
            if not isinstance(row, Freight):
                raise TypeError(f"{row!r} is not Freight")
            before = row.alias
            if before != alias:
                actor = actor_of(promotion_of(origin))
                rename_freight(row, alias, actor=actor, now=read_clock())
        return before


def _locked(origin: StepOrigin, kind: MetadataKind, name: str) -> Freight | Stage:
    row = (
        _MODELS[kind]
        .objects.select_for_update(of=("self",))
        .filter(project__tenant__uid=origin.tenant_uid, project__name=origin.project, name=name)
        .select_related("project__tenant")
        .first()
    )
    if row is None:
        raise NotFoundError(f'{_PLURALS[kind]}.kargo.akuity.io "{name}" not found')
    return row


def _check(metadata: JSONObject) -> None:
    if "" in metadata:
        raise InvalidError("key must not be empty")
    size = len(orjson.dumps(metadata))
    if size > MAX_METADATA_BYTES:
        raise InvalidError(
            f"its metadata would be {size} bytes long; at most {MAX_METADATA_BYTES} are kept",
            code="metadata_too_large",
        )


def _store(
    row: Freight | Stage,
    metadata: JSONObject,
    *,
    changed: JSONObject,
    origin: StepOrigin,
    now: datetime,
) -> None:
    before = {key: row.metadata[key] for key in changed if key in row.metadata}
    type(row).objects.filter(pk=row.pk).update(metadata=metadata, updated_at=now)
    write = Write(owner_of(row.project), actor_of(promotion_of(origin)), now)
    tell(row, ChangeType.MODIFIED, write=write)
    record(row, "set_metadata", write=write, before=before, after=dict(changed))

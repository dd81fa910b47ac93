"""Creates, approves, renames and deletes Freight."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from common.errors import ConflictError, ForbiddenError, InvalidError
from common.jsontypes import JSONObject, as_list, as_object, as_text
from projects.models import ChangeType, Project
from promotions import queue
from promotions.manifests.aliases import make_alias
from promotions.manifests.freight import (
    FreightManifest,
    Lists,
    check_alias,
    coverage_problems,
    name_of,
)
from promotions.manifests.freight_contents import artifact_lists
from promotions.manifests.metadata import timestamp
from promotions.manifests.times import time_from
from promotions.models import Freight, FreightArtifact, Stage, StageFreight, Warehouse, WorkKind
from promotions.selectors.freight import names_of_holders
from promotions.selectors.warehouses import warehouses_in
from promotions.services.events import tell_freight_approved, tell_freight_created
from promotions.services.saving import (
    Outcome,
    Saved,
    Write,
    delete,
    owner_of,
    record,
    save,
    tell,
)
from promotions.services.storage import bytes_of, charge
from rbac.actors import Actor

_ALIAS_ATTEMPTS = 50
_KINDS = {
    "commits": (FreightArtifact.Kind.COMMIT, "id"),
    "images": (FreightArtifact.Kind.IMAGE, "tag"),
    "charts": (FreightArtifact.Kind.CHART, "version"),
    "artifacts": (FreightArtifact.Kind.ARTIFACT, "version"),
}


@transaction.atomic
def create_freight(
    warehouse: Warehouse,
    contents: Mapping[str, list[dict[str, Any]]],
    *,
    alias: str = "",
    discovered_at: datetime,
    actor: Actor,
    now: datetime,
) -> tuple[Freight, bool]:
    """Create Freight, or return what there is of the same contents.

    Args:
        warehouse: Where it comes from.
        contents: ``commits``, ``images``, ``charts`` and ``artifacts`` as a manifest has them;
            they never change afterwards.
        alias: What people call it; made up when empty.
        discovered_at: When it was found.
        actor: Who creates it.
        now: When.

    Returns:
        The Freight, and whether it is new.

    Raises:
        InvalidError: The contents do not cover the Warehouse's subscriptions exactly once.
        ConflictError: The alias is taken.
        QuotaError: The tenant may not store that much.
    """
    lists = {name: items for name, items in contents.items() if items}
    name = name_of(warehouse.name, lists)
    stored = Freight.objects.filter(project=warehouse.project, name=name).first()
    if stored is not None:
        return stored, False
    problems = tuple(coverage_problems(lists, warehouse.spec))
    if problems or not lists:
        lines = "; ".join(map(str, problems)) or "it holds nothing"
        raise InvalidError(f"Freight is invalid: {lines}", problems=problems)
    write = Write(owner_of(warehouse.project), actor, now)
    freight = Freight(
        project=warehouse.project,
        warehouse=warehouse,
        name=name,
        discovered_at=discovered_at,
        creator="" if actor.is_system else actor.name,
        creator_uid=actor.user_uid,
        created_at=now,
        updated_at=now,
    )
    if not _insert(freight, alias):
        return Freight.objects.get(project=warehouse.project, name=name), False
    FreightArtifact.objects.bulk_create(_artifacts(freight, lists))
    charge(write.owner.tenant_uid, bytes_of(freight))
    tell(freight, ChangeType.ADDED, write=write)
    _wake_takers(freight, now=now)
    tell_freight_created(freight, actor=actor, now=now)
    record(freight, "create", write=write, after={"alias": freight.alias, **lists})
    return freight, True


@transaction.atomic
def save_freight(
    project: Project, manifest: FreightManifest, *, actor: Actor, now: datetime
) -> Saved[Freight]:
    """Create the Freight of a manifest, or update the alias, labels and annotations of it.

    Raises:
        InvalidError: The Warehouse does not exist, the contents do not cover its subscriptions,
            or the manifest would change contents.
        ConflictError: The alias is taken.
    """
    stored = _stored(project, manifest)
    if stored is None:
        return _create_from(project, manifest, actor=actor, now=now)
    _refuse_other_contents(stored, manifest)
    if manifest.alias:
        _refuse_taken_alias(stored, manifest.alias)
    columns: dict[str, Any] = {
        "alias": manifest.alias or stored.alias,
        "labels": manifest.metadata.own_labels(),
        "annotations": manifest.metadata.own_annotations(),
    }
    if manifest.discovered_at:
        discovered_at = time_from(manifest.discovered_at)
        if timestamp(discovered_at) != timestamp(stored.discovered_at):
            columns["discovered_at"] = discovered_at
    return save(stored, stored, columns, write=Write(owner_of(project), actor, now))


@transaction.atomic
def approve_freight(freight: Freight, stage: Stage, *, actor: Actor, now: datetime) -> None:
    """Let a Stage have Freight that is not verified upstream; twice is once.

    Raises:
        InvalidError: The Stage does not request Freight of this origin.
    """
    if freight.warehouse.name not in _requested(stage.spec):
        raise InvalidError(
            f'Stage "{stage.name}" does not request Freight of Warehouse '
            f'"{freight.warehouse.name}"; approve it for one that does.',
            code="not_requested",
        )
    standing, _ = StageFreight.objects.get_or_create(stage=stage, freight=freight)
    rows = StageFreight.objects.filter(pk=standing.pk, approved_at__isnull=True)
    if not rows.update(approved_at=now):
        return
    write = Write(owner_of(freight.project), actor, now)
    tell(freight, ChangeType.MODIFIED, write=write)
    queue.wake(kind=WorkKind.STAGE, uid=stage.uid, at=now)
    tell_freight_approved(freight, stage, actor=actor, now=now)
    record(freight, "approve", write=write, after={"stage": stage.name})


@transaction.atomic
def rename_freight(freight: Freight, alias: str, *, actor: Actor, now: datetime) -> None:
    """Give Freight another alias.

    Raises:
        InvalidError: The alias is empty, or cannot be one.
        ConflictError: Other Freight of the project has it.
    """
    if not alias:
        raise InvalidError("The new alias is empty; give one.", code="empty_alias")
    check_alias(alias)
    _refuse_taken_alias(freight, alias)
    save(freight, freight, {"alias": alias}, write=Write(owner_of(freight.project), actor, now))


@transaction.atomic
def delete_freight(freight: Freight, *, actor: Actor, now: datetime) -> None:
    """Delete Freight that no Stage holds now.

    Raises:
        ForbiddenError: A Stage holds it.
    """
    holders = names_of_holders(freight)
    if holders:
        shown = ", ".join(f'"{name}"' for name in holders)
        raise ForbiddenError(
            f'freight "{freight.name}" is in use by Stage {shown}; promote something else first.',
            code="in_use",
        )
    delete(freight, write=Write(owner_of(freight.project), actor, now))


def _stored(project: Project, manifest: FreightManifest) -> Freight | None:
    rows = Freight.objects.select_for_update().filter(project=project)
    named = rows.filter(name=manifest.metadata.name).first() if manifest.metadata.name else None
    return named or rows.filter(name=name_of(manifest.origin.name, manifest.lists())).first()


def _create_from(
    project: Project, manifest: FreightManifest, *, actor: Actor, now: datetime
) -> Saved[Freight]:
    warehouse = warehouses_in(project).filter(name=manifest.origin.name).first()
    if warehouse is None:
        message = f'origin.name: Warehouse "{manifest.origin.name}" not found'
        raise InvalidError(f"Freight is invalid: {message}", code="no_warehouse")
    discovered_at = time_from(manifest.discovered_at) if manifest.discovered_at else now
    freight, _ = create_freight(
        warehouse,
        manifest.lists(),
        alias=manifest.alias or "",
        discovered_at=discovered_at,
        actor=actor,
        now=now,
    )
    metadata = manifest.metadata
    labels, annotations = metadata.own_labels(), metadata.own_annotations()
    Freight.objects.filter(pk=freight.pk).update(labels=labels, annotations=annotations)
    freight.labels, freight.annotations = labels, annotations
    return Saved(freight, Outcome.CREATED)


def _refuse_other_contents(stored: Freight, manifest: FreightManifest) -> None:
    if stored.warehouse.name != manifest.origin.name:
        raise _immutable(stored, "origin")
    there, wanted = artifact_lists(stored.artifacts.all()), manifest.lists()
    for name in _KINDS:
        if there.get(name, []) != wanted.get(name, []):
            raise _immutable(stored, name)


def _immutable(stored: Freight, field: str) -> InvalidError:
    message = f'Freight "{stored.name}" is invalid: {field}: is immutable; other contents are '
    return InvalidError(f"{message}other Freight, with a name of its own", code="immutable")


def _refuse_taken_alias(freight: Freight, alias: str) -> None:
    others = Freight.objects.filter(project=freight.project, alias=alias).exclude(pk=freight.pk)
    if others.exists():
        message = f'alias "{alias}" already exists in project "{freight.project.name}"'
        raise ConflictError(message, code="alias_taken")


def _insert(freight: Freight, alias: str) -> bool:
    """Store the row under its alias, or under the first made-up one that is free.

    Returns:
        Whether it is stored; not if somebody else has just stored the same contents.
    """
    if alias:
        freight.alias = alias
        _refuse_taken_alias(freight, alias)
        freight.save(force_insert=True)
        return True
    for _ in range(_ALIAS_ATTEMPTS):
        freight.alias = make_alias()
        if Freight.objects.filter(project=freight.project, alias=freight.alias).exists():
            continue
        try:
            with transaction.atomic():
                freight.save(force_insert=True)
        except IntegrityError:
            if Freight.objects.filter(project=freight.project, name=freight.name).exists():
                return False
            continue
        return True
    raise ConflictError("No free alias was found; give the Freight one.", code="no_alias")


def _artifacts(freight: Freight, lists: Lists) -> list[FreightArtifact]:
    return [
        FreightArtifact(
            freight=freight,
            kind=_KINDS[name][0],
            position=position,
            repo_url=as_text(item.get("repoURL")),
            version=as_text(item.get(_KINDS[name][1]))[:255],
            document=item,
        )
        for name, items in lists.items()
        for position, item in enumerate(items)
    ]


def _wake_takers(freight: Freight, *, now: datetime) -> None:
    takers = [
        stage.uid
        for stage in Stage.objects.filter(project=freight.project)
        if _requested(stage.spec).get(freight.warehouse.name)
    ]
    if takers:
        queue.wake_many(kind=WorkKind.STAGE, uids=takers, at=now)


def _requested(spec: JSONObject) -> dict[str, bool]:
    """Return the Warehouses that a Stage asks Freight of, and whether directly."""
    requests = map(as_object, as_list(spec.get("requestedFreight")))
    return {
        as_text(as_object(it.get("origin")).get("name")): as_object(it.get("sources")).get("direct")
        is True
        for it in requests
    }

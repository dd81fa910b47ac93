"""Writes what a Stage's reconcile pass finds: promotions, holdings, verification, conditions."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from common.jsontypes import JSONObject
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.conditions import Condition
from promotions.engine.freight import collection_id
from promotions.engine.health import Health
from promotions.engine.holds import Hold
from promotions.engine.rollback import STABLE_FREIGHT
from promotions.manifests.conditions import conditions_to
from promotions.models import (
    AutoPromotionHold,
    Freight,
    FreightCollection,
    FreightCollectionItem,
    Promotion,
    Stage,
    WorkKind,
)
from promotions.selectors.availability import stages_taking_from
from promotions.selectors.freight import freight_by_name, references
from promotions.services import application_index, promotion_progress, slots


def admit(stage: Stage, promotion: Promotion, *, now: datetime) -> bool:
    """Let a promotion start: name it the Stage's current one and wake it.

    Returns:
        Whether it was let in; not if the Stage has a current promotion already, or the tenant
        runs as many as it may, which the promotion then says.
    """
    rows = Stage.objects.filter(
        pk=stage.pk, current_promotion__isnull=True, current_request__isnull=True
    )
    if not rows.update(current_promotion=promotion, updated_at=now):
        stage.refresh_from_db(fields=["current_promotion", "current_request"])
        return False
    refusal = slots.take_slot(stage, now=now)
    promotion_progress.explain(promotion, refusal, now=now)
    if refusal:
        Stage.objects.filter(pk=stage.pk).update(current_promotion=None)
        return False
    stage.current_promotion = promotion
    tell_stage_changed(stage)
    queue.wake(kind=WorkKind.PROMOTION, uid=promotion.uid, at=now)
    return True


def conclude(stage: Stage, promotion: Promotion, *, now: datetime) -> None:
    """Take note of a promotion that has ended; a success becomes what the Stage holds."""
    collection = promotion.freight_collection
    if promotion.started_at is None and stage.last_promotion is not None:
        collection = stage.last_promotion.freight_collection
        Promotion.objects.filter(pk=promotion.pk).update(freight_collection=collection)
        promotion.freight_collection = collection
        promotion_progress.touched(promotion)
    values: dict[str, Any] = {"last_promotion": promotion}
    application_index.settle_applications(stage, promotion)
    if promotion.phase == "Succeeded":
        record_collection(stage, promotion.freight_collection, promotion=promotion, now=now)
        values["health"] = None
    update_stage(stage, now=now, **values)


def clear_current(stage: Stage, *, now: datetime) -> None:
    """Forget the current promotion, which has ended."""
    update_stage(stage, now=now, current_promotion=None)


def replace_holds(stage: Stage, holds: Iterable[Hold]) -> None:
    """Make the Stage's lasting holds exactly ``holds``."""
    wanted = {hold.origin: hold for hold in holds}
    AutoPromotionHold.objects.filter(stage=stage).exclude(origin__in=wanted).delete()
    for origin, hold in wanted.items():
        AutoPromotionHold.objects.update_or_create(
            stage=stage,
            origin=origin,
            defaults={
                "freight_name": hold.freight,
                "promotion_name": hold.promotion,
                "actor": hold.actor,
                "created_at": hold.created_at,
            },
        )
    tell_stage_changed(stage)


def forget_promoting(stage: Stage, *, now: datetime) -> None:
    """Forget what only a Stage with steps has: holds, and its place in line.

    What it held and promoted stays as history; it counts again if the Stage gets steps again.
    """
    slots.leave_line(stage, now=now)
    if AutoPromotionHold.objects.filter(stage=stage).exists():
        replace_holds(stage, ())


def store_status(
    stage: Stage,
    *,
    conditions: tuple[Condition, ...],
    health: Health | None,
    observed_generation: int,
    auto_promotion_enabled: bool,
    handled_refresh: str,
    now: datetime,
) -> None:
    """Write a pass's conditions and health, and record a change if there is one."""
    document = None
    if health is not None:
        document = {"status": health.status.value, "issues": list(health.issues)}
        if health.output is not None:
            document["output"] = health.output  # type: ignore[assignment] # JSON of any shape
    values = {
        "conditions": conditions_to(conditions),
        "health": document,
        "observed_generation": observed_generation,
        "auto_promotion_enabled": auto_promotion_enabled,
        "handled_refresh": handled_refresh,
    }
    if any(getattr(stage, name) != value for name, value in values.items()):
        update_stage(stage, now=now, **values)


def store_window_status(stage: Stage, status: JSONObject | None, *, now: datetime) -> None:
    """Write what the Stage's promotion windows say, if that is news."""
    if stage.window_status != status:
        update_stage(stage, now=now, window_status=status)


def remember_stable(stage: Stage, held: Mapping[str, str], *, now: datetime) -> None:
    """Remember what is verified here, by origin, as what to go back to after a failure."""
    row = Stage.objects.select_for_update().only("metadata").get(pk=stage.pk)
    stable = {**row.metadata.get(STABLE_FREIGHT, {}), **held}
    if stable != row.metadata.get(STABLE_FREIGHT):
        update_stage(stage, now=now, metadata={**row.metadata, STABLE_FREIGHT: stable})


def wake_downstream(stage: Stage, freight: Iterable[Freight], *, now: datetime) -> None:
    """Wake the Stages that may now take Freight that was verified here, or has come back."""
    if not list(freight):
        return
    downstream = stages_taking_from(stage.project, stage=stage.name)
    queue.wake_many(kind=WorkKind.STAGE, uids=[row.uid for row in downstream], at=now)


def record_collection(
    stage: Stage, names: Mapping[str, str], *, promotion: Promotion | None, now: datetime
) -> None:
    """Add what a Stage holds from now on to its history.

    Args:
        stage: What holds it.
        names: The Freight by origin; Freight that is gone is left out.
        promotion: What brought it; ``None`` for a promotion request.
        now: When.
    """
    found = freight_by_name(stage.project, names.values())
    collection = FreightCollection.objects.create(
        stage=stage,
        collection_id=collection_id(references(found.values())),
        promotion=promotion,
        recorded_at=now,
    )
    FreightCollectionItem.objects.bulk_create(
        FreightCollectionItem(collection=collection, origin=origin, freight=found[name])
        for origin, name in names.items()
        if name in found
    )


def update_stage(stage: Stage, *, now: datetime, **values: Any) -> None:
    """Store columns of a Stage, and tell that it changed."""
    Stage.objects.filter(pk=stage.pk).update(updated_at=now, **values)
    for name, value in values.items():
        setattr(stage, name, value)
    tell_stage_changed(stage)


def tell_stage_changed(stage: Stage) -> None:
    """Tell those who follow a Stage that it changed."""
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )

"""Verifies what a Stage holds: carries out what is next, again or no longer when asked."""

from datetime import datetime
from typing import Any

from django.db import transaction

from common.errors import ConflictError
from common.jsontypes import as_object, as_text
from projects.models import ChangeType
from projects.services.changes import record_change
from promotions import queue
from promotions.engine.verification import NextAct, VerificationPhase
from promotions.models import FreightCollection, Stage, Verification, WorkKind
from promotions.selectors.freight import current_collection
from promotions.services import verification_runs
from promotions.services.events import tell_freight_verified
from promotions.services.saving import Write, owner_of, record, tell
from rbac.actors import Actor, controller

ABORTED_BY_USER = "Verification aborted by user"


def carry_out(act: NextAct, collection: FreightCollection, *, stage: Stage, now: datetime) -> None:
    """Do the next act of a collection's verification, if it is for us to do.

    A Stage without ``verification`` succeeds at once; of others an analysis run decides.
    """
    verification = _done(act, collection, stage=stage, now=now)
    if verification is None:
        return
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )
    if not VerificationPhase(verification.phase).is_terminal:
        return
    held = [item.freight for item in collection.items.all()]
    verifier = controller("stage-controller", shard=stage.shard).name
    promotion = verification_runs.promotion_of(verification, stage)
    tell_freight_verified(stage, held, verification, actor=verifier, promotion=promotion)


@transaction.atomic
def reverify_stage(stage: Stage, *, actor: Actor, now: datetime) -> None:
    """Have what a Stage holds verified once more, when the verification under way has ended.

    Raises:
        ConflictError: The Stage holds nothing, or nothing of it was verified yet.
    """
    latest = _latest_of(stage)
    _ask(stage, "reverify", latest, actor=actor, now=now)


@transaction.atomic
def abort_verification(stage: Stage, *, actor: Actor, now: datetime) -> None:
    """End the verification of what a Stage holds; one that has ended stays as it is.

    Raises:
        ConflictError: The Stage holds nothing, or nothing of it was verified yet.
    """
    latest = _latest_of(stage)
    if VerificationPhase(latest.phase).is_terminal:
        return
    _ask(stage, "abort", latest, actor=actor, now=now)


def _done(
    act: NextAct, collection: FreightCollection, *, stage: Stage, now: datetime
) -> Verification | None:
    """Carry an act out and return the verification that is another one now, if any is."""
    match act:
        case NextAct.SUCCEED:
            return _succeeded(collection, stage, now=now)
        case NextAct.START | NextAct.RESTART:
            return _begun(collection, stage, is_again=act is NextAct.RESTART, now=now)
        case NextAct.ABORT:
            return _aborted(collection, stage, now=now)
        case NextAct.REFRESH:
            latest = _latest(collection)
            has_moved = latest is not None and verification_runs.refresh(latest, stage, now=now)
            return latest if has_moved else None
        case _:
            return None


def _ask(
    stage: Stage, what: str, verification: Verification, *, actor: Actor, now: datetime
) -> None:
    request = {
        "id": str(verification.uid),
        "actor": actor.name,
        "controlPlane": actor.is_system,
    }
    column = f"{what}_request"
    Stage.objects.filter(pk=stage.pk).update(**{column: request})
    setattr(stage, column, request)
    write = Write(owner_of(stage.project), actor, now)
    tell(stage, ChangeType.MODIFIED, write=write)
    queue.wake(kind=WorkKind.STAGE, uid=stage.uid, at=now)
    verb = "reverify" if what == "reverify" else "abort_verification"
    record(stage, verb, write=write, after={"verification": request["id"]})


def _latest_of(stage: Stage) -> Verification:
    collection = current_collection(stage)
    if collection is None:
        raise ConflictError(
            f'Stage "{stage.name}" holds no Freight; promote some to it first.', code="no_freight"
        )
    latest = _latest(collection)
    if latest is None:
        raise ConflictError(
            f'What Stage "{stage.name}" holds was not verified yet; that begins by itself once '
            "the Stage is healthy.",
            code="no_verification",
        )
    return latest


def _latest(collection: FreightCollection) -> Verification | None:
    rows = Verification.objects.filter(collection=collection)
    return rows.order_by("-started_at", "-pk").first()


def _succeeded(collection: FreightCollection, stage: Stage, *, now: datetime) -> Verification:
    return Verification.objects.create(
        collection=collection,
        actor=_asker(collection, stage),
        phase=VerificationPhase.SUCCESSFUL.value,
        started_at=now,
        finished_at=now,
    )


def _begun(
    collection: FreightCollection, stage: Stage, *, is_again: bool, now: datetime
) -> Verification:
    actor = _asker(collection, stage)
    if not is_again and _was_verified_just_before(collection):
        is_again, actor = True, controller("promotion-controller", shard=stage.shard).name
    request: dict[str, Any] = stage.reverify_request or {}
    is_promoted = _latest(collection) is None or bool(request.get("controlPlane") and actor)
    last = stage.last_promotion
    return verification_runs.begin(
        collection,
        stage,
        is_again=is_again,
        actor=actor,
        promotion=last.name if last is not None and is_promoted else "",
        now=now,
    )


def _was_verified_just_before(collection: FreightCollection) -> bool:
    """Return whether the same Freight was promoted once more, which has it verified again."""
    rows = FreightCollection.objects.filter(stage_id=collection.stage_id, pk__lt=collection.pk)
    before = rows.order_by("-pk").first()
    if before is None or before.collection_id != collection.collection_id:
        return False
    return _latest(before) is not None


def _asker(collection: FreightCollection, stage: Stage) -> str:
    """Return who asked for another verification; empty if nobody did."""
    latest = _latest(collection)
    request: dict[str, Any] = stage.reverify_request or {}
    is_asked = latest is not None and request.get("id") == str(latest.uid)
    return as_text(as_object(request).get("actor")) if is_asked else ""


def _aborted(collection: FreightCollection, stage: Stage, *, now: datetime) -> Verification:
    """End the newest verification as Kargo does: failed, whoever asked for that is its actor.

    One whose run is gone has ended in error.
    """
    verification = _latest(collection)
    if verification is None:
        raise ConflictError(f'Stage "{stage.name}" has no verification to abort.')
    failure = verification_runs.stop(verification, stage, now=now)
    phase = VerificationPhase.ERROR if failure else VerificationPhase.FAILED
    verification.phase = phase.value
    verification.message = failure or ABORTED_BY_USER
    verification.finished_at = now
    verification.actor = as_text(as_object(stage.abort_request or {}).get("actor"))
    verification.save(update_fields=["phase", "message", "finished_at", "actor"])
    return verification

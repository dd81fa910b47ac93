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
from promotions.services.events import tell_freight_verified
from promotions.services.saving import Write, owner_of, record, tell
from rbac.actors import Actor, controller

ABORTED_BY_USER = "aborted by user"

_NO_ANALYSIS = (
    "This Stage asks for verification by analysis, which no analysis provider is set up for; "
    "remove spec.verification, or approve the Freight for the next Stage by hand."
)


def carry_out(act: NextAct, collection: FreightCollection, *, stage: Stage, now: datetime) -> None:
    """Do the next act of a collection's verification, if it is for us to do.

    A Stage without ``verification`` succeeds at once. Analysis has no provider yet, so starting
    one records an Error that says so.
    """
    if act is NextAct.SUCCEED:
        verification = _finished(collection, stage, VerificationPhase.SUCCESSFUL, "", now=now)
    elif act in {NextAct.START, NextAct.RESTART}:
        verification = _finished(collection, stage, VerificationPhase.ERROR, _NO_ANALYSIS, now=now)
    elif act is NextAct.ABORT:
        verification = _aborted(collection, stage, now=now)
    else:
        return
    record_change(
        stage,
        change_type=ChangeType.MODIFIED,
        tenant_uid=stage.project.tenant.uid,
        project_uid=stage.project.uid,
    )
    held = [item.freight for item in collection.items.all()]
    verifier = controller("stage-controller", shard=stage.shard).name
    tell_freight_verified(stage, held, verification, actor=verifier)


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


def _finished(
    collection: FreightCollection,
    stage: Stage,
    phase: VerificationPhase,
    message: str,
    *,
    now: datetime,
) -> Verification:
    latest = _latest(collection)
    request: dict[str, Any] = stage.reverify_request or {}
    is_asked = latest is not None and request.get("id") == str(latest.uid)
    return Verification.objects.create(
        collection=collection,
        actor=as_text(as_object(request).get("actor")) if is_asked else "",
        phase=phase.value,
        message=message,
        started_at=now,
        finished_at=now,
    )


def _aborted(collection: FreightCollection, stage: Stage, *, now: datetime) -> Verification:
    """End the newest verification as Kargo does: failed, whoever asked for that is its actor."""
    verification = _latest(collection)
    if verification is None:
        raise ConflictError(f'Stage "{stage.name}" has no verification to abort.')
    verification.phase = VerificationPhase.FAILED.value
    verification.message = ABORTED_BY_USER
    verification.finished_at = now
    verification.actor = as_text(as_object(stage.abort_request or {}).get("actor"))
    verification.save(update_fields=["phase", "message", "finished_at", "actor"])
    return verification

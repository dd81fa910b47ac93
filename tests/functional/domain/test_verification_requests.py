"""Asking for another verification, and for the end of one."""

import pytest

from common.clock import now as read_clock
from common.errors import ConflictError
from promotions.engine.verification import VerificationPhase
from promotions.models import FreightCollection, Stage, Verification
from promotions.services.verifications import abort_verification, reverify_stage
from rbac.models import AuditEvent
from tests.functional.domain.world import World, condition

pytestmark = pytest.mark.django_db


def _held(world: World) -> Stage:
    """Return a Stage whose Freight has been verified."""
    world.warehouse()
    stage = world.stage()
    world.promote(stage, world.freight("1"))
    world.settle()
    return Stage.objects.select_related("project__tenant").get(pk=stage.pk)


def _verifications(stage: Stage) -> list[Verification]:
    rows = Verification.objects.filter(collection__stage=stage)
    return list(rows.order_by("pk"))


def test_what_a_stage_holds_is_verified_again_when_asked_for(world: World) -> None:
    stage = _held(world)

    reverify_stage(stage, actor=world.alice, now=read_clock())
    world.settle()

    first, second = _verifications(stage)
    assert (first.actor, second.actor) == ("", world.alice.name)
    assert second.phase == VerificationPhase.SUCCESSFUL
    act = AuditEvent.objects.get(action="stage.reverify")
    assert act.after == {"verification": str(first.uid)}


def test_a_request_is_carried_out_once(world: World) -> None:
    stage = _held(world)
    reverify_stage(stage, actor=world.alice, now=read_clock())
    world.settle()

    world.hasten(stage)

    assert len(_verifications(stage)) == 2


def test_a_verification_under_way_fails_when_somebody_aborts_it(world: World) -> None:
    stage = _held(world)
    collection = FreightCollection.objects.get(stage=stage)
    running = Verification.objects.create(
        collection=collection, phase=VerificationPhase.RUNNING.value, started_at=read_clock()
    )

    abort_verification(stage, actor=world.alice, now=read_clock())
    world.settle()

    running.refresh_from_db()
    assert running.phase == VerificationPhase.FAILED
    aborted = "Verification aborted by user"
    assert (running.message, running.actor) == (aborted, world.alice.name)
    assert running.finished_at is not None
    assert condition(stage, "Verified") == ("True", "Verified")


def test_a_verification_that_has_ended_stays_as_it_is(world: World) -> None:
    stage = _held(world)

    abort_verification(stage, actor=world.alice, now=read_clock())

    stage.refresh_from_db()
    assert stage.abort_request is None


def test_there_must_be_something_to_verify(world: World) -> None:
    world.warehouse()
    stage = world.stage()

    with pytest.raises(ConflictError, match="holds no Freight"):
        reverify_stage(stage, actor=world.alice, now=read_clock())
    with pytest.raises(ConflictError, match="holds no Freight"):
        abort_verification(stage, actor=world.alice, now=read_clock())


def test_what_was_never_verified_cannot_be_verified_again(world: World) -> None:
    stage = _held(world)
    Verification.objects.all().delete()

    with pytest.raises(ConflictError, match="not verified yet"):
        reverify_stage(stage, actor=world.alice, now=read_clock())

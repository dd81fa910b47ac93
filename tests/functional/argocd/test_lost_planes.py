"""What waits for an Argo CD that cannot be asked asks seldom, and has a refusal looked into."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from common.clock import now as read_clock
from projects.models import ControlPlane
from projects.models.control_plane import ControlPlaneState
from promotions.models import Promotion, Stage, Work, WorkKind
from promotions.services.control_plane_checks import check_soon
from tests.fakes.argocd import Fault
from tests.functional.argocd.conftest import Ground

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(ground: Ground) -> Stage:
    """A Stage that is healthy, and whose Argo CD was checked a while ago."""
    stage = ground.stage()
    promotion = ground.promoted(stage)
    for _ in range(3):
        ground.look_again(promotion, seconds=10)
    ground.world.settle()
    note_check(ground.plane, state=ControlPlaneState.READY, ago=5 * MINUTE)
    return stage


def note_check(plane: ControlPlane, *, state: ControlPlaneState, ago: timedelta) -> None:
    checked_at = read_clock() - ago
    ControlPlane.objects.filter(pk=plane.pk).update(state=state, checked_at=checked_at)
    Work.objects.filter(uid=plane.uid).update(due_at=None)
    plane.refresh_from_db()


def waits_after(ground: Ground, stage: Stage, *, waited: timedelta) -> timedelta:
    """Let a Stage look again, having waited so long, and return how long it waits then."""
    Work.objects.filter(uid=stage.uid).update(claimed_at=Now() - waited)
    ground.world.hasten(stage)
    wait = ground.world.due_in(stage)
    assert wait is not None
    return wait


def due(plane: ControlPlane) -> timedelta | None:
    due_at = Work.objects.get(kind=WorkKind.CONTROL_PLANE, uid=plane.uid).due_at
    return due_at - read_clock() if due_at else None


def issues_of(stage: Stage) -> str:
    stage.refresh_from_db()
    return " ".join((stage.health or {}).get("issues", ()))


def test_health_that_nobody_tells_is_asked_for_less_often_until_somebody_does(
    ground: Ground, stage: Stage
) -> None:
    ground.site.fail(Fault(status=401, times=None))
    first = waits_after(ground, stage, waited=5 * MINUTE)
    later = [waits_after(ground, stage, waited=it * MINUTE) for it in (1, 2, 9)]
    ground.site.faults.clear()
    found = waits_after(ground, stage, waited=5 * MINUTE)

    assert first <= timedelta(seconds=30)
    for wait, longest in zip(later, (2, 4, 5), strict=True):
        assert longest * MINUTE * 0.6 < wait <= longest * MINUTE
    assert not issues_of(stage)
    assert 4 * MINUTE < found <= 5 * MINUTE


def test_whoever_finds_that_argo_cd_answers_again_has_its_stages_looked_at(
    ground: Ground, stage: Stage
) -> None:
    ground.site.fail(Fault(status=401, times=None))
    ground.world.hasten(stage)
    lost = issues_of(stage)

    ground.site.faults.clear()
    Work.objects.filter(uid=ground.plane.uid).update(due_at=Now())
    ground.world.settle()

    assert "refused the token" in lost
    assert not issues_of(stage)


def test_health_that_an_answering_argo_cd_does_not_tell_is_asked_for_every_minute(
    ground: Ground, stage: Stage
) -> None:
    ground.site.fail(Fault(path="/applications/web", status=403, times=None))
    waits_after(ground, stage, waited=5 * MINUTE)

    assert waits_after(ground, stage, waited=9 * MINUTE) <= MINUTE


def test_a_stage_whose_last_promotion_failed_is_not_looked_at_for_its_health(
    ground: Ground, stage: Stage
) -> None:
    Promotion.objects.filter(stage=stage).update(phase="Failed")

    wait = waits_after(ground, stage, waited=5 * MINUTE)

    assert wait > 4 * MINUTE


def test_a_refusal_that_a_health_check_meets_has_the_control_plane_checked(
    ground: Ground, stage: Stage
) -> None:
    ground.site.fail(Fault(status=401, times=None))

    ground.world.hasten(stage)

    ground.plane.refresh_from_db()
    assert "refused the token" in issues_of(stage)
    assert ground.plane.state == ControlPlaneState.UNAUTHORIZED


def test_a_refusal_that_a_step_meets_has_the_control_plane_checked(ground: Ground) -> None:
    stage = ground.stage()
    promotion = ground.promoted(stage)
    note_check(ground.plane, state=ControlPlaneState.READY, ago=5 * MINUTE)
    ground.site.fail(Fault(status=401, times=None))

    ground.look_again(promotion, seconds=10)

    ground.plane.refresh_from_db()
    assert promotion.phase == "Running"
    assert ground.plane.state == ControlPlaneState.UNAUTHORIZED


def test_a_control_plane_that_is_known_to_refuse_us_is_left_to_its_regular_check(
    ground: Ground,
) -> None:
    note_check(ground.plane, state=ControlPlaneState.UNAUTHORIZED, ago=MINUTE)

    check_soon(ground.plane)

    assert due(ground.plane) is None


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=-1)], ids=["now", "tomorrow"])
def test_however_many_are_refused_make_two_checks_a_minute(ground: Ground, ago: timedelta) -> None:
    note_check(ground.plane, state=ControlPlaneState.READY, ago=ago)

    check_soon(ground.plane)

    wait = due(ground.plane)
    assert wait is not None
    assert timedelta(seconds=20) < wait <= timedelta(seconds=30)


def test_a_step_that_waits_for_argo_cd_asks_at_a_tenth_of_its_time_and_still_times_out(
    ground: Ground,
) -> None:
    ground.site.fail(Fault(status=401, times=None))
    promotion = ground.promoted(ground.stage())
    first = ground.world.due_in(promotion)

    ground.world.ahead = 4 * MINUTE
    ground.look_again(promotion, seconds=0)
    then = ground.world.due_in(promotion)
    ground.world.ahead = 5 * MINUTE + timedelta(seconds=1)
    ground.look_again(promotion, seconds=0)

    assert first is not None
    assert then is not None
    assert first <= timedelta(seconds=10) < then <= timedelta(seconds=25)
    assert promotion.phase == "Errored"
    assert "timed out after 5m0s" in promotion.message

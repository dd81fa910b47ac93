"""Every kind of event: when it is told, in which words, with which facts, and once only."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from common.clock import now as read_clock
from promotions.engine.runner import StepError, StepResult, StepStatus
from promotions.models import AnalysisRun, Event, Promotion, Stage, Verification, Work, WorkKind
from promotions.services.events import Reason, tell_freight_verified
from promotions.services.freight import approve_freight
from promotions.services.promotion_requests import (
    abort_promotion_request,
    delete_promotion_request,
)
from promotions.services.promotions import abort_promotion
from tests.functional.analysis.scenes import template, verifying, web
from tests.functional.domain.fleets import again, fleet, fleet_stage, request_for
from tests.functional.domain.test_promotion_windows import HOUR, configure, freeze
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

ALICE = "email:alice@example.com"
CONTROLLER = "controller:stage-controller"
SCRIPTED = {"uses": "scripted", "as": "it"}
OF_APPROVALS = {it for it in Reason if "APPROV" in it.name} - {Reason.FREIGHT_APPROVED}
"""Approvals of promotions have tests of their own."""
OF_FREIGHT = {
    "freight-name",
    "freight-alias",
    "freight-create-time",
    "freight-warehouse-name",
    "freight-commits",
}
ALWAYS = {"actor", "project", "stage-name", *OF_FREIGHT}
OF_PROMOTION = {*ALWAYS, "promotion-name", "promotion-create-time"}
OF_REQUEST = {*ALWAYS, "promotion-request-name", "promotion-request-create-time"}
OF_VERDICT = {*ALWAYS, "verification-start-time", "verification-finish-time"}
OF_RUN = {*OF_VERDICT, "analysis-run-name", "promotion-name"}


def promoted(world: World, *script: StepResult | Exception) -> Stage:
    """Promote to a Stage whose step plays the script, as alice."""
    stage = world.stage("test", SCRIPTED)
    world.steps.script = list(script)
    world.promote(stage, world.freight("a"))
    world.settle()
    return stage


def aborted(world: World) -> None:
    stage = promoted(world, StepResult(StepStatus.RUNNING))
    promotion = Promotion.objects.get(stage=stage)
    for _ in range(2):
        abort_promotion(promotion, actor=world.alice, reason="", now=read_clock())


def discarded(world: World) -> None:
    stage = promoted(world, StepResult(StepStatus.RUNNING))
    world.promote(stage, world.freight("b"))
    configure(world, freeze(-HOUR, HOUR))


def automatic(world: World) -> None:
    world.automate()
    world.stage()
    world.freight("a")


def approved(world: World) -> None:
    stage = world.stage("prod", sources={"stages": ["test"]})
    freight = world.freight("a")
    for _ in range(2):
        approve_freight(freight, stage, actor=world.alice, now=read_clock())


def passed(world: World) -> None:
    world.stage("test", promotionTemplate=None)
    world.freight("a")


def requested(world: World, *, broken: tuple[int, ...] = ()) -> None:
    fleet(world, 1, broken=broken)
    request_for(world, fleet_stage(world, name="test"))


def request_aborted(world: World) -> None:
    fleet(world, 1)
    request = request_for(world, fleet_stage(world, name="test"))
    abort_promotion_request(request, actor=world.alice, reason="", now=read_clock())


def request_deleted(world: World) -> None:
    fleet(world, 1)
    request = request_for(world, fleet_stage(world, name="test"))
    delete_promotion_request(again(request), actor=world.alice, now=read_clock())


def request_errored(world: World) -> None:
    fleet(world, 1)
    stage = fleet_stage(world, name="test")
    request_for(world, stage)
    world.reconcile(stage)
    plain = {key: it for key, it in stage.spec.items() if key != "targets"}
    Stage.objects.filter(pk=stage.pk).update(spec=plain)


def request_discarded(world: World) -> None:
    fleet(world, 1)
    request_for(world, fleet_stage(world, name="test"))
    configure(world, freeze(-HOUR, HOUR))


def verified_as(phase: str) -> Callable[[World], None]:
    """Return a scene in which the analysis run of a verification ends in a phase."""

    def act(world: World) -> None:
        template(world, web("https://metrics.example.com/health"))
        stage = world.stage(**verifying())
        world.promote(stage, world.freight("a"))
        world.reconcile(stage)
        world.reconcile(world.promotions(stage)[0])
        world.reconcile(stage)
        run = AnalysisRun.objects.get()
        Work.objects.filter(kind=WorkKind.ANALYSIS_RUN).delete()
        AnalysisRun.objects.filter(pk=run.pk).update(
            phase=phase, ended_at=read_clock(), status={"phase": phase, "message": "so it was"}
        )
        world.hasten(stage)

    return act


def told_as(phase: str) -> Callable[[World], None]:
    """Return a scene for a phase in which no verification of ours ends."""

    def act(world: World) -> None:
        stage, freight = world.stage(), world.freight("a")
        now = read_clock()
        ended = Verification(phase=phase, message="so it was", started_at=now, finished_at=now)
        tell_freight_verified(stage, [freight], ended, actor=CONTROLLER)

    return act


@dataclass(frozen=True)
class Case:
    reason: Reason
    act: Callable[[World], object]
    message: str
    facts: set[str]
    actor: str = ALICE
    values: tuple[tuple[str, str], ...] = ()


CASES = [
    Case(
        Reason.PROMOTION_CREATED,
        promoted,
        f'Promotion created for Stage "test" by "{ALICE}"',
        OF_PROMOTION,
    ),
    Case(
        Reason.PROMOTION_CREATED,
        automatic,
        'Automatically promoted Freight from origin "Warehouse/main" for Stage "test"',
        OF_PROMOTION,
        CONTROLLER,
    ),
    Case(
        Reason.PROMOTION_SUCCEEDED,
        promoted,
        "Promotion Succeeded",
        {*OF_PROMOTION, "verification-pending"},
        values=(("verification-pending", "false"),),
    ),
    Case(
        Reason.PROMOTION_SUCCEEDED,
        verified_as("Successful"),
        "Promotion Succeeded",
        {*OF_PROMOTION, "verification-pending"},
        values=(("verification-pending", "true"),),
    ),
    Case(
        Reason.PROMOTION_FAILED,
        lambda world: promoted(world, StepError("no", failed=True, terminal=True)),
        r"Promotion Failed: .*no.*",
        OF_PROMOTION,
    ),
    Case(
        Reason.PROMOTION_ERRORED,
        lambda world: promoted(world, StepError("no", terminal=True)),
        r"Promotion Errored: an unrecoverable error occurred: .*no",
        OF_PROMOTION,
    ),
    Case(Reason.PROMOTION_ABORTED, aborted, f"Promotion terminated by {ALICE}", OF_PROMOTION),
    Case(
        Reason.PROMOTION_DISCARDED,
        discarded,
        r'Promotion discarded: Discarded before it started: .*window "freeze".*',
        OF_PROMOTION,
    ),
    Case(
        Reason.REQUEST_CREATED,
        requested,
        f'By "{ALICE}": promotion request for 1 targets of Stage "test"',
        OF_REQUEST,
    ),
    Case(Reason.REQUEST_SUCCEEDED, requested, r"Promotion request Succeeded: .+", OF_REQUEST),
    Case(
        Reason.REQUEST_FAILED,
        lambda world: requested(world, broken=(0,)),
        r"Promotion request Failed: .+",
        OF_REQUEST,
    ),
    Case(
        Reason.REQUEST_FAILED,
        request_aborted,
        f"Promotion request Failed: aborted by {ALICE}",
        OF_REQUEST,
    ),
    Case(Reason.REQUEST_FAILED, request_deleted, "Promotion request Failed: deleted", OF_REQUEST),
    Case(
        Reason.REQUEST_ERRORED,
        request_errored,
        r"Promotion request Errored: .*promotes to targets no longer",
        OF_REQUEST,
    ),
    Case(
        Reason.REQUEST_DISCARDED,
        request_discarded,
        r'Promotion request discarded: Discarded before it started: .*window "freeze".*',
        OF_REQUEST,
    ),
    Case(
        Reason.FREIGHT_CREATED,
        lambda world: world.freight("a"),
        "Freight created",
        ALWAYS,
        "controller:warehouse-controller",
        values=(("stage-name", ""),),
    ),
    Case(
        Reason.FREIGHT_APPROVED,
        approved,
        f'Freight approved for Stage "prod" by "{ALICE}"',
        ALWAYS,
        values=(("stage-name", "prod"),),
    ),
    Case(
        Reason.VERIFICATION_SUCCEEDED,
        promoted,
        "Freight verification succeeded",
        OF_VERDICT,
        CONTROLLER,
    ),
    Case(
        Reason.VERIFICATION_SUCCEEDED,
        passed,
        "Freight verification succeeded",
        OF_VERDICT,
        CONTROLLER,
    ),
    Case(
        Reason.VERIFICATION_SUCCEEDED,
        verified_as("Successful"),
        "Freight verification succeeded",
        OF_RUN,
        CONTROLLER,
    ),
    Case(Reason.VERIFICATION_FAILED, verified_as("Failed"), "so it was", OF_RUN, CONTROLLER),
    Case(Reason.VERIFICATION_ERRORED, verified_as("Error"), "so it was", OF_RUN, CONTROLLER),
    Case(
        Reason.VERIFICATION_INCONCLUSIVE,
        verified_as("Inconclusive"),
        "so it was",
        OF_RUN,
        CONTROLLER,
    ),
    Case(Reason.VERIFICATION_ABORTED, told_as("Aborted"), "so it was", OF_VERDICT, CONTROLLER),
    Case(Reason.VERIFICATION_UNKNOWN, told_as("Odd"), "so it was", OF_VERDICT, CONTROLLER),
]


@pytest.mark.parametrize("case", CASES, ids=lambda it: f"{it.reason}-{it.act.__name__}")
def test_what_happens_is_told_once_with_its_facts(world: World, case: Case) -> None:
    world.warehouse()

    case.act(world)
    world.settle(passes=200)
    Work.objects.exclude(kind=WorkKind.ANALYSIS_RUN).update(due_at=read_clock())
    world.settle(passes=200)

    event = Event.objects.get(reason=case.reason.value)
    assert re.fullmatch(case.message, event.message), event.message
    assert set(event.annotations) == case.facts
    assert event.annotations["actor"] == case.actor
    assert set(case.values) <= set(event.annotations.items())
    kind = re.match("PromotionRequest|Promotion|Freight", case.reason.value)
    assert kind is not None
    assert event.object_kind == kind.group()


def test_the_table_has_every_kind() -> None:
    assert {case.reason for case in CASES} == set(Reason) - OF_APPROVALS


def test_a_rollback_is_told_as_one(world: World) -> None:
    world.warehouse()
    world.automate(
        {"stageSelector": {"name": "glob:*"}, "autoRollback": {"onPromotion": ["Failed"]}}
    )
    stage = promoted(world, StepResult(StepStatus.SUCCEEDED))
    world.steps.script = [StepError("no", failed=True, terminal=True)]

    world.promote(stage, world.freight("b"))
    world.settle()

    told = Event.objects.filter(reason="PromotionCreated").order_by("pk")
    assert [it.annotations.get("rollback", "") for it in told] == ["", "", "true"]

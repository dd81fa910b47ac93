"""Why Freight cannot be promoted to a Stage now, and what a promotion waits for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from common.clock import now as read_clock
from common.errors import InvalidError
from common.jsontypes import JSONObject
from projects.models import Quota
from projects.services.tenants import suspend_tenant
from promotions.engine.eligibility import Bars, Code
from promotions.models import (
    FreightCollection,
    Promotion,
    Stage,
    StageFreight,
    Verification,
    Warehouse,
    WorkerBeat,
)
from promotions.selectors.eligibility import reasons_for, refusal
from promotions.selectors.workers import shard_problem
from promotions.services.freight import approve_freight, delete_freight
from promotions.services.stages import delete_stage
from rbac.actors import operator_at_console
from tests.factories.domain import make_freight, make_stage
from tests.functional.domain.asking import arrange, codes, waits, why
from tests.functional.domain.people import approval, promoted
from tests.functional.domain.world import World

MINUTE = timedelta(minutes=1)


def test_nothing_is_in_the_way_where_the_platform_would_promote_it_now(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    world.automate()
    freight = world.freight("a")

    assert why(stage, freight) == ()


def test_freight_that_is_asked_for_nowhere_says_who_could_ask_for_it(world: World) -> None:
    test, _ = arrange(world)
    world.warehouse("other")
    stranger = world.freight("b", warehouse="other")

    found = why(test, stranger)

    assert [it.code for it in found] == [Code.NOT_REQUESTED]
    assert found[0].lifted_by == (
        'whoever may edit Stage "test", by adding Warehouse/other to spec.requestedFreight'
    )


def test_the_message_of_a_refused_promotion_is_the_reasons_message(world: World) -> None:
    _, uat = arrange(world)
    freight = world.freight("a")

    reasons = [it for it in why(uat, freight) if it.bars is Bars.PROMOTION]
    with pytest.raises(InvalidError) as refused:
        world.promote(uat, freight)

    assert [it.message for it in reasons] == [
        "not yet verified in test",
        "has not been promoted to test",
    ]
    subject = f'Freight "{freight.name}" is not available to Stage "uat"'
    assert refused.value.message == f"{subject}: {'; '.join(it.message for it in reasons)}"


def test_what_is_on_its_way_upstream_names_the_promotion(world: World) -> None:
    test, uat = arrange(world)
    freight = world.freight("a")
    promotion = world.promote(test, freight)

    found = why(uat, freight)

    assert [it.code for it in found] == [Code.NOT_VERIFIED, Code.UPSTREAM_PROMOTING]
    assert promotion.name in found[1].message


def test_verification_upstream_is_told_while_it_runs_and_when_it_failed(world: World) -> None:
    test, uat = arrange(world)
    freight = world.freight("a")
    world.promote(test, freight)
    world.settle()
    StageFreight.objects.filter(stage=test).update(verified_at=None)
    verification = Verification.objects.get()
    seen = []
    for phase in ("Running", "Failed"):
        Verification.objects.filter(pk=verification.pk).update(phase=phase)
        seen.append([(it.code, it.message) for it in why(uat, freight)][1:2])

    assert seen == [
        [(Code.UPSTREAM_VERIFYING, "verification runs in test")],
        [(Code.UPSTREAM_VERIFICATION_FAILED, "verification in test ended as Failed")],
    ]


def test_soak_that_is_left_says_how_long_and_until_when(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "1h"})
    freight = world.freight("a")
    world.promote(test, freight)
    world.settle()
    since = read_clock() - 18 * MINUTE + timedelta(seconds=1)
    StageFreight.objects.filter(stage=test).update(current_since=since)

    soaking = why(uat, freight)[0]
    approve_freight(freight, uat, actor=world.alice, now=read_clock())

    assert (soaking.code, soaking.message) == (Code.SOAKING, "43 min of soak left in test")
    assert soaking.lifts_at == since + 60 * MINUTE
    assert "approves" in soaking.lifted_by
    assert Code.SOAKING not in codes(uat, freight)


def test_a_stage_without_a_policy_leaves_it_to_people(world: World) -> None:
    test, _ = arrange(world)
    freight = world.freight("a")

    found = why(test, freight)

    assert [(it.code, it.bars) for it in found] == [(Code.AUTO_PROMOTION_OFF, Bars.AUTOMATION)]


def test_older_freight_names_the_newer_and_a_hold_its_holder(world: World) -> None:
    world.warehouse()
    stage = world.stage()
    older, newer = world.freight("a"), world.freight("b")
    world.automate()
    before = why(stage, older)
    world.promote(stage, older)
    world.settle()

    held = why(stage, newer)

    assert [it.code for it in before] == [Code.NOT_NEWEST]
    assert newer.name in before[0].message
    assert [it.code for it in held] == [Code.HELD]
    assert world.alice.name in held[0].message
    assert codes(stage, older) == [Code.ALREADY_THERE, Code.HELD, Code.NOT_NEWEST]


def test_a_promotion_that_failed_is_named(world: World) -> None:
    world.warehouse()
    stage = world.stage("test", {"uses": "fail", "config": {"message": "no"}})
    world.automate()
    freight = world.freight("a")
    world.settle()

    found = why(stage, freight)

    assert [it.code for it in found] == [Code.LAST_ATTEMPT_FAILED]
    assert world.promotions(stage)[0].name in found[0].message
    assert found[0].message.endswith("ended as Failed")


def test_a_stage_that_is_busy_says_with_what_and_who_waits_before(world: World) -> None:
    test, _ = arrange(world)
    first, second, third = (world.freight(it) for it in "abc")
    running, waiting, last = (world.promote(test, it) for it in (first, second, third))

    found = [it for it in why(test, first) if it.bars is Bars.START]

    assert [it.message for it in found] == [
        f'promotion "{running.name}" is under way',
        "behind 2 promotions in the queue of test",
    ]
    assert [it.code for it in waits(waiting)] == [Code.PROMOTION_RUNNING]
    assert [it.message for it in waits(last)] == [
        f'promotion "{running.name}" is under way',
        "behind 1 promotion in the queue of test",
    ]
    assert [it.code for it in waits(running)] == [Code.NOT_STARTED]


def test_the_next_promotion_names_the_verification_that_it_waits_for(world: World) -> None:
    test, _ = arrange(world)
    world.promote(test, world.freight("a"))
    world.settle()
    Verification.objects.update(phase="Running")
    promotion = world.promote(test, world.freight("b"))

    assert [it.code for it in waits(promotion)] == [Code.VERIFICATION_RUNNING]


def test_a_suspended_tenant_a_used_up_quota_and_a_dead_shard_are_told(
    world: World, settings: Settings
) -> None:
    settings.SHARDS = ["edge"]
    world.warehouse()
    stage = world.stage("test", shard="edge")
    freight = world.freight("a")
    tenant = world.project.tenant
    beat = WorkerBeat(worker="w", shard="edge", at=read_clock() - 5 * MINUTE)
    beat.save()
    Quota.objects.update_or_create(tenant=tenant, defaults={"max_concurrent_promotions": 0})
    suspend_tenant(tenant, actor=operator_at_console("eve"), reason="", now=read_clock())

    found = {it.code: it.message for it in why(stage, freight) if it.bars is Bars.START}

    assert found == {
        Code.TENANT_SUSPENDED: 'the tenant "default" is suspended',
        Code.QUOTA_REACHED: "0 of the tenant's quota of 0 concurrent promotions are running",
        Code.SHARD_DEAD: shard_problem("edge", now=read_clock()),
    }


def test_a_promotion_that_waits_for_the_quota_says_it_in_the_same_words(world: World) -> None:
    test, _ = arrange(world)
    Quota.objects.update_or_create(
        tenant=world.project.tenant, defaults={"max_concurrent_promotions": 0}
    )
    promotion = world.promote(test, world.freight("a"))
    world.settle()
    promotion.refresh_from_db()

    found = waits(promotion)

    assert [it.code for it in found] == [Code.QUOTA_REACHED]
    assert found[0].message in promotion.message


def test_a_step_that_waits_says_for_whom(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))

    found = waits(promotion)

    assert [it.code for it in found] == [Code.STEP_WAITS]
    assert found[0].message.startswith("step ")
    assert " waits: " in found[0].message
    assert found[0].lifted_by == "those who may approve the step"


def test_a_promotion_that_has_ended_waits_for_nothing(world: World) -> None:
    test, _ = arrange(world)
    promotion = world.promote(test, world.freight("a"))
    world.settle()

    assert waits(promotion) == ()


def test_what_was_deleted_and_what_takes_no_promotions_are_told(world: World) -> None:
    test, _ = arrange(world)
    flow = world.stage("flow", promotionTemplate=None)
    gone, there = world.freight("a"), world.freight("b")
    now = read_clock()
    delete_freight(gone, actor=world.alice, now=now)

    assert codes(test, gone)[0] is Code.FREIGHT_DELETED
    assert codes(flow, there) == [Code.CONTROL_FLOW]
    assert refusal(flow, there, now=now) == ""
    delete_stage(Stage.objects.get(pk=test.pk), actor=world.alice, now=now)
    assert codes(test, there)[0] is Code.STAGE_DELETED


def test_a_stage_that_follows_another_says_why_it_takes_nothing(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    follows: JSONObject = {
        "stages": ["test"],
        "autoPromotionOptions": {"selectionPolicy": "MatchUpstream"},
    }
    uat = world.stage("uat", sources=follows)
    world.automate({"stage": "uat", "autoPromotionEnabled": True})
    first = world.freight("a")
    world.promote(test, first)
    world.settle()
    second = world.freight("b")
    world.promote(test, second)
    world.settle()

    assert codes(uat, first) == [Code.LEFT_UPSTREAM]
    assert codes(uat, second) == [Code.ALREADY_THERE]


@pytest.mark.slow
def test_five_thousand_stages_cost_as_many_queries_as_five(world: World) -> None:
    warehouse = world.warehouse()
    world.automate()
    freight = make_freight(warehouse)
    make_freight(warehouse)
    make_stage(world.project, "up")
    counts = []
    for count in (5, 5_000):
        have = Stage.objects.filter(project=world.project).exclude(name="up").count()
        template = make_stage(world.project, f"template-{count}", upstream=("up",))
        Stage.objects.bulk_create(
            Stage(
                project=world.project,
                name=f"s{number:04}",
                spec=template.spec if number % 2 else {**template.spec, **_direct()},
                created_at=template.created_at,
                updated_at=template.updated_at,
            )
            for number in range(have, count)
        )
        stages = Stage.objects.select_related(
            "project__tenant", "current_promotion", "last_promotion"
        ).exclude(name="up")
        pairs = [(stage, freight) for stage in stages]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            told = reasons_for(pairs, now=read_clock())
        counts.append(len(queries))
        assert len(told) == len(pairs)
        assert {it.code for found in told for it in found} == {
            Code.NOT_VERIFIED,
            Code.NOT_IN_UPSTREAM,
            Code.NOT_NEWEST,
        }

    assert counts[0] == counts[1]
    assert counts[0] < 25


def _direct() -> dict[str, Any]:
    origin = {"kind": "Warehouse", "name": "main"}
    return {"requestedFreight": [{"origin": origin, "sources": {"direct": True}}]}


def test_a_clock_that_was_set_back_takes_no_soak_back(world: World) -> None:
    world.warehouse()
    test = world.stage("test")
    uat = world.stage("uat", sources={"stages": ["test"], "requiredSoakTime": "1h"})
    freight = world.freight("a")
    world.promote(test, freight)
    world.settle()
    rows = StageFreight.objects.filter(stage=test)
    rows.update(current_since=read_clock() - 61 * MINUTE)
    promotion = world.promote(uat, freight)
    rows.update(current_since=read_clock() - 5 * MINUTE)  # as if the clock were set back an hour
    Promotion.objects.filter(pk=promotion.pk).update(created_at=read_clock() + 56 * MINUTE)

    world.settle()

    assert world.phases(uat) == [("a", "Succeeded")]


def test_the_collections_of_a_stage_do_not_mix(world: World) -> None:
    test, _ = arrange(world)
    first, second = world.freight("a"), world.freight("b")
    for freight in (first, second):
        world.promote(test, freight)
        world.settle()

    assert FreightCollection.objects.count() == 2
    assert Code.ALREADY_THERE not in codes(test, first)
    assert Code.ALREADY_THERE in codes(test, second)
    assert Warehouse.objects.count() == 1


def test_what_a_window_discarded_is_no_failed_attempt(world: World) -> None:
    test, _ = arrange(world)
    world.automate()
    freight = world.freight("a")
    world.settle()
    Promotion.objects.filter(stage=test).update(phase="Aborted", is_discarded=True)

    assert Code.LAST_ATTEMPT_FAILED not in codes(test, freight)

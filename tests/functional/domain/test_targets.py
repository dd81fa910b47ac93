"""Promotion requests: one piece of Freight to many targets, wave by wave."""

import pytest

from common.clock import now as read_clock
from common.errors import InvalidError
from projects.models import Quota
from promotions.manifests.writers import write_manifest
from promotions.models import Promotion, Target
from promotions.selectors.promotion_requests import rows_of
from promotions.selectors.targets import targets_of
from promotions.services.promotion_requests import (
    add_targets,
)
from promotions.services.targets import delete_target
from tests.functional.domain.fleets import (
    add_target,
    again,
    begin,
    fleet,
    fleet_stage,
    outcomes,
    request_for,
)
from tests.functional.domain.world import World, condition

pytestmark = pytest.mark.django_db


# ------------------------------------------------------------ from beginning to end
def test_every_target_is_promoted_to_with_its_own_parameters(demo: World) -> None:
    names = fleet(demo, 3)
    stage = fleet_stage(demo)

    request = request_for(demo, stage)
    demo.settle()

    assert again(request).phase == "Succeeded"
    assert outcomes(request) == dict.fromkeys(names, "Succeeded")
    said = (
        Promotion.objects.filter(request=request).order_by("name").values_list("state", flat=True)
    )
    assert [state["out"]["text"] for state in said] == ["eu t00", "eu t01", "eu t02"]
    assert demo.held(stage) == {"main": "1"}
    assert condition(stage, "Ready")[0] == "True"


def test_twenty_targets_go_in_waves_and_some_may_fail(demo: World) -> None:
    fleet(demo, 20, broken=(3, 12), waves=4)
    stage = fleet_stage(demo, rollout="{maxParallel: 3, failureBudget: 10%}")

    request = request_for(demo, stage)
    demo.settle(passes=200)

    found = again(request)
    assert found.phase == "Succeeded"
    assert found.message == "18 of 20 targets succeeded, 2 failed within the budget of 2"
    rows = rows_of(request)
    by_wave = {
        wave: [row.promotion for row in rows if row.wave == wave and row.promotion]
        for wave in ("1", "2", "3", "4")
    }
    for earlier, later in (("1", "2"), ("2", "3"), ("3", "4")):
        ended = max(it.finished_at for it in by_wave[earlier] if it.finished_at)
        assert all(it.created_at >= ended for it in by_wave[later])


def test_a_spent_budget_stops_the_rest(demo: World) -> None:
    fleet(demo, 4, broken=(1,), waves=2)
    stage = fleet_stage(demo)

    request = request_for(demo, stage)
    demo.settle()

    assert again(request).phase == "Failed"
    assert outcomes(request) == {"t00": "Succeeded", "t01": "Failed", "t02": "", "t03": ""}
    assert demo.held(stage) == {}
    assert condition(stage, "Ready") == ("False", "LastPromotionFailed")


def test_never_more_than_the_policy_allows_run_at_once(demo: World) -> None:
    fleet(demo, 7)
    stage = fleet_stage(demo, rollout="maxParallel: 2")
    request = request_for(demo, stage)

    demo.settle(passes=200)

    rows = [row.promotion for row in rows_of(request) if row.promotion]
    spans = [(row.created_at, row.finished_at) for row in rows if row.finished_at]
    at_once = [sum(begun <= at < ended for begun, ended in spans) for at, _ in spans]
    assert again(request).phase == "Succeeded"
    assert max(at_once) == 2


def test_the_tenants_quota_counts_targets(demo: World) -> None:
    Quota.objects.create(tenant=demo.project.tenant, max_concurrent_promotions=1)
    fleet(demo, 3)
    request = request_for(demo, fleet_stage(demo))

    begin(demo)
    assert sorted(outcomes(request).values()) == ["", "", "Pending"]
    assert "waiting for the tenant's quota" in again(request).message
    demo.settle()

    assert set(outcomes(request).values()) == {"Succeeded"}


def test_no_targets_are_a_success(demo: World) -> None:
    stage = fleet_stage(demo, selectors={"selectors": []})

    request = request_for(demo, stage)
    demo.settle()

    assert again(request).phase == "Succeeded"
    assert write_manifest(again(request))["spec"]["targets"] == []
    assert demo.held(stage) == {"main": "1"}


# ------------------------------------------------------------ the snapshot
def test_the_targets_are_the_union_of_what_the_selectors_match(demo: World) -> None:
    for name, region in (("c", "eu"), ("a", "us"), ("b", "eu"), ("d", "asia")):
        add_target(demo, name, region=region)
    eu, us = {"matchLabels": {"region": "eu"}}, {"matchLabels": {"region": "us"}}
    stage = fleet_stage(demo, selectors={"selectors": [eu, us, eu]})

    assert [target.name for target in targets_of(stage)] == ["a", "b", "c"]


def test_a_request_keeps_the_targets_that_it_was_made_with(demo: World) -> None:
    fleet(demo, 1)
    stage = fleet_stage(demo)
    request = request_for(demo, stage)
    add_target(demo, "late")

    demo.settle()

    assert outcomes(request) == {"t00": "Succeeded"}


def test_targets_can_be_added_to_a_request_but_not_removed(demo: World) -> None:
    fleet(demo, 2)
    request = request_for(demo, fleet_stage(demo))
    add_target(demo, "late")

    assert add_targets(request, ["t00", "t01", "late"], actor=demo.alice, now=read_clock())
    with pytest.raises(InvalidError, match='can be added but not removed; "t01" is missing'):
        add_targets(request, ["t00", "late"], actor=demo.alice, now=read_clock())
    demo.settle()

    assert outcomes(request) == dict.fromkeys(("late", "t00", "t01"), "Succeeded")


def test_a_target_that_is_gone_when_its_turn_comes_fails(demo: World) -> None:
    fleet(demo, 2, waves=2)
    request = request_for(demo, fleet_stage(demo))
    delete_target(Target.objects.get(name="t01"), actor=demo.alice, now=read_clock())

    demo.settle()

    assert again(request).phase == "Errored"
    assert rows_of(request)[1].failure == 'targets.kargo.akuity.io "t01" not found'

"""The tables that Kargo's own rules for Stages and promotions gave, replayed."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest

from common.errors import InvalidError
from promotions.engine.authorized_stages import parse_authorized_stages
from promotions.engine.autopromotion import candidates, matching_policy, parse_policy
from promotions.engine.availability import (
    FreightStanding,
    RequestedFreight,
    SelectionPolicy,
    availability,
    parse_strategy,
)
from promotions.engine.freight import FreightOrigin
from promotions.engine.health import HealthState, merge
from promotions.engine.inflation import (
    Step,
    Task,
    TaskReference,
    Variable,
    inflate,
    task_variables,
)
from promotions.engine.names import promotion_name
from promotions.engine.phases import PromotionPhase, StepRecord, has_failures, in_queue_order
from promotions.engine.runner import StepStatus
from tests.conformance.vectors import Case, ids, load

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def cases(feature: str) -> pytest.MarkDecorator:
    found = load("kargo_tables", feature=feature)
    return pytest.mark.parametrize("case", found, ids=ids(found))


@cases("promotions/name")
def test_promotion_names_are_kargos(case: Case) -> None:
    name = promotion_name(case["stage"], case["ulid"], case["freight_name"], case.get("target", ""))

    assert name == case["expect"]["value"]


@cases("promotions/sort")
def test_promotions_queue_as_in_kargo(case: Case) -> None:
    promotions = {it["name"]: PromotionPhase(it["phase"]) for it in case["promotions"]}

    assert in_queue_order(promotions) == case["expect"]["value"]


@cases("promotions/task-vars")
def test_task_variables_are_kargos(case: Case) -> None:
    given = {it["name"]: it["value"] for it in case["promotion_vars"]}
    task = Task(variables=_variables(case["task_vars"]))
    step_variables = _variables(case["step_vars"])

    if "error" in case["expect"]:
        with pytest.raises(InvalidError, match="missing value for variable"):
            task_variables(task, step_variables=step_variables, given=given)
        return

    result = task_variables(task, step_variables=step_variables, given=given)
    assert result == _variables(case["expect"]["value"])


@cases("promotions/step-aliases")
def test_step_aliases_are_kargos(case: Case) -> None:
    tasks = {
        str(index): Task(steps=tuple(_step(it) for it in step.get("task_steps", [])))
        for index, step in enumerate(case["steps"])
    }
    steps = [_step(it, index) for index, it in enumerate(case["steps"])]

    inflated = inflate(
        steps, promotion_variables=(), find_task=lambda reference: tasks[reference.name]
    )

    assert [step.alias for step in inflated] == case["expect"]["value"]


@cases("promotions/has-failures")
def test_failures_count_as_in_kargo(case: Case) -> None:
    records = [
        StepRecord(
            "a",
            "copy",
            StepStatus(meta["status"]),
            continue_on_error=meta.get("continueOnError", False),
        )
        for meta in case["metas"]
    ]

    assert has_failures(records) is case["expect"]["value"]


@cases("stages/auto-promotion-policy")
def test_policies_match_as_in_kargo(case: Case) -> None:
    def look_up() -> tuple[int | None, bool]:
        policies = [parse_policy(it) for it in case["policies"]]
        index = matching_policy(policies, stage=case["stage"], labels=case["labels"])
        return index, index is not None and policies[index].is_enabled

    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            look_up()
        return

    assert look_up() == (case["expect"]["matched_index"], case["expect"]["enabled"])


@cases("stages/auto-promotion-candidates")
def test_candidates_are_kargos(case: Case) -> None:
    available = [
        FreightStanding(
            it["name"],
            FreightOrigin.parse(it["origin"]),
            datetime.fromisoformat(it["discovered_at"]),
        )
        for it in case["available"]
    ]

    assert (
        candidates([_request(it) for it in case["requests"]], available)
        == (case["expect"]["value"])
    )


@cases("stages/freight-availability")
def test_freight_is_available_as_in_kargo(case: Case) -> None:
    item = case["freight_item"]
    standing = FreightStanding(
        "f",
        FreightOrigin.parse(item["origin"]),
        NOW,
        frozenset(item["approved_for"]),
        {
            stage: timedelta(seconds=soak) if soak >= 0 else None
            for stage, soak in item["verified_in"].items()
        },
        {stage: NOW - timedelta(seconds=ago) for stage, ago in item["currently_in"].items()},
    )

    answer = availability(
        standing,
        stage=case["stage"],
        requests=[_request(it) for it in case["requests"]],
        now=NOW,
    )

    assert answer.is_available is case["expect"]["value"]


@cases("stages/authorized-stages")
def test_applications_authorize_as_in_kargo(case: Case) -> None:
    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            parse_authorized_stages(case["input"])
        return

    assert [it._asdict() for it in parse_authorized_stages(case["input"])] == (
        case["expect"]["value"]
    )


@cases("health/merge")
def test_health_merges_as_in_kargo(case: Case) -> None:
    states = [HealthState(state) for state in case["states"]]

    assert reduce(merge, states, HealthState.HEALTHY) == case["expect"]["value"]


def _variables(items: list[dict[str, str]]) -> tuple[Variable, ...]:
    return tuple(Variable(it["name"], it["value"]) for it in items)


def _step(item: Case, index: int = 0) -> Step:
    reference = TaskReference(str(index)) if item.get("task") else None
    return Step("" if reference else "copy", alias=item.get("as", ""), task=reference)


def _request(item: Case) -> RequestedFreight:
    soak = item.get("required_soak_seconds")
    return RequestedFreight(
        FreightOrigin.parse(item["origin"]),
        direct=item.get("direct", False),
        stages=tuple(item.get("stages", [])),
        required_soak=None if soak is None else timedelta(seconds=soak),
        strategy=parse_strategy(item.get("availability_strategy", "")),
        selection_policy=SelectionPolicy(
            item.get("selection_policy") or SelectionPolicy.NEWEST_FREIGHT
        ),
    )

"""What Kargo's own evaluator made of variables, conditions and configurations, replayed."""

from collections.abc import Mapping

import pytest

from common.errors import InvalidError
from promotions.engine.expressions.templates import render
from promotions.engine.expressions.values import Function, Record
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step, Variable
from promotions.engine.inputs import (
    PromotionFacts,
    Scope,
    Target,
    environment,
    evaluated_config,
    should_skip,
    variables,
)
from promotions.engine.phases import StepRecord
from promotions.engine.runner import StepStatus
from tests.conformance.vectors import Case, ids, load


def cases(kind: str) -> pytest.MarkDecorator:
    """Select a kind; cases with functions that look things up are the functions' own tests."""
    found = [
        case
        for case in load("kargo_templates", kind=kind)
        if "data" not in case and "freight" not in case["context"]
    ]
    return pytest.mark.parametrize("case", found, ids=ids(found))


@cases("vars")
def test_variables_come_to_what_kargo_says(case: Case) -> None:
    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            variables(_scope(case), _step(case))
        return

    assert variables(_scope(case), _step(case)) == case["expect"]["value"]


@cases("should_skip")
def test_steps_are_skipped_as_kargo_says(case: Case) -> None:
    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            should_skip(_scope(case), _step(case))
        return

    assert should_skip(_scope(case), _step(case)) is case["expect"]["value"]


@cases("config")
def test_configurations_come_to_what_kargo_says(case: Case) -> None:
    if "error" in case["expect"]:
        with pytest.raises(InvalidError):
            evaluated_config(_scope(case), _step(case))
        return

    assert evaluated_config(_scope(case), _step(case)) == case["expect"]["value"]


@cases("env")
def test_expressions_see_what_kargo_says(case: Case) -> None:
    env = environment(_scope(case), _step(case))

    assert _shown(env) == case["expect"]["value"]


def _scope(case: Case) -> Scope:
    context = case["context"]
    freight = context.get("target_freight", {})
    target = context.get("target")
    facts = PromotionFacts(
        context.get("project", ""),
        context.get("stage", ""),
        context.get("promotion", ""),
        FreightReference(
            freight.get("name", ""), FreightOrigin(freight.get("origin", {}).get("name", ""))
        ),
        target_freight_alias=freight.get("alias", ""),
        actor=context.get("actor", ""),
        rollback=context.get("rollback", False),
        ui_base_url=context.get("ui_base_url", ""),
        variables=_variables(context.get("vars", [])),
        target=Target(target["params"], target["labels"]) if target else None,
    )
    earlier = tuple(_record(meta) for meta in context.get("step_metas", []))
    return Scope(facts, render, earlier, context.get("state", {}))


def _step(case: Case) -> Step:
    step = case["step"]
    return Step(
        "copy",
        alias=step["alias"],
        condition=step.get("if", ""),
        variables=_variables(step.get("vars", [])),
        config=step.get("config"),
    )


def _variables(items: list[dict[str, str]]) -> tuple[Variable, ...]:
    return tuple(Variable(it["name"], it["value"]) for it in items)


def _record(meta: Case) -> StepRecord:
    return StepRecord(
        meta["alias"],
        "copy",
        StepStatus(meta["status"]),
        continue_on_error=meta.get("continueOnError", False),
    )


def _shown(value: object) -> object:
    if isinstance(value, Record):
        return value.shown
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items() if not isinstance(item, Function)}
    return value

"""What a person is shown when an expression of a promotion fails."""

from dataclasses import replace

import pytest

from promotions.engine.executor import Engine, Progress, run_promotion
from promotions.engine.expressions.templates import render
from promotions.engine.inflation import Step, Variable
from promotions.engine.phases import PromotionPhase
from promotions.engine.registry import Registry
from promotions.engine.runner import StepResult
from tests.fakes.steps import ScriptedStep
from tests.unit.engine.execution import START, plan, step


def message_of(failing: Step, *variables: Variable) -> str:
    """Return the message of a promotion of which the second step fails."""
    runner = ScriptedStep("one", [StepResult()] * 2)
    engine = Engine(Registry([runner]), render, lambda: START)
    whole = plan(step("one", "first"), failing)
    whole = replace(whole, facts=replace(whole.facts, variables=variables))
    result = run_promotion(engine, whole, Progress(), save=lambda _: None)
    assert result.phase is PromotionPhase.ERRORED
    return result.message


@pytest.mark.parametrize(
    ("field", "path", "rest"),
    [
        (
            {"config": {"images": [{"tag": "v${{ vars.tag.x }}"}]}},
            "config.images[0].tag",
            'cannot fetch x from <nil> in "${{ vars.tag.x }}" (line 1, column 15)',
        ),
        (
            {"condition": "${{ outputs.a.b }}"},
            "if",
            'cannot fetch b from <nil> in "${{ outputs.a.b }}" (line 1, column 15)',
        ),
        ({"condition": "${{ 1 }}"}, "if", "expression must evaluate to a boolean, got number"),
        (
            {"config": {}, "variables": (Variable("v", "a"), Variable("w", "a\n${{ 1 + }}"))},
            "vars[1].value",
            'error pre-processing step variable "w": unexpected token EOF in "${{ 1 + }}" (line 2',
        ),
        ({"config": {"a.b": "${% vars %"}}, 'config["a.b"]', "unclosed expression: "),
    ],
)
def test_the_message_names_field_expression_and_place(
    field: dict[str, object], path: str, rest: str
) -> None:
    message = message_of(step("one", "second", **field))

    assert f"spec.steps[1].{path}: {rest}" in message


def test_a_variable_of_the_promotion_is_named() -> None:
    message = message_of(step("one", "second", config={}), Variable("v", "${{ nope.x }}"))

    assert "spec.vars[0].value: error pre-processing promotion variable" in message

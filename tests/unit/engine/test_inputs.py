from collections.abc import Mapping
from typing import cast

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.expressions.errors import OperandError
from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.values import Function
from promotions.engine.freight import FreightOrigin, FreightReference
from promotions.engine.inflation import Step, Variable
from promotions.engine.inputs import (
    PromotionFacts,
    Scope,
    Target,
    actor_name,
    environment,
    evaluated_config,
    should_skip,
    variables,
)
from promotions.engine.phases import StepRecord
from promotions.engine.runner import StepStatus
from tests.fakes.rendering import render

ANSWER = Function("answer", lambda _: 42, most=0)
FREIGHT = FreightReference("f00", FreightOrigin("wh"))


def scope(
    *promotion_variables: Variable,
    state: JSONObject | None = None,
    earlier: tuple[StepRecord, ...] = (),
    target: Target | None = None,
) -> Scope:
    facts = PromotionFacts(
        "kargo-demo",
        "test",
        "test.1.f00",
        FREIGHT,
        target_freight_alias="frosty",
        actor="alice",
        ui_base_url="https://k",
        variables=promotion_variables,
        target=target,
    )
    return Scope(facts, render, earlier, state or {}, {"answer": ANSWER})


def record(alias: str, status: StepStatus | None) -> StepRecord:
    return StepRecord(alias, "copy", status)


@pytest.mark.parametrize(
    ("annotation", "actor"),
    [
        ("kubernetes:system:x:y", "system:x:y"),
        ("admin", "admin"),
        ("", ""),
        ("unknown actor", ""),
        ("email:alice@example.com", "alice@example.com"),
    ],
)
def test_the_actor_loses_its_kind(annotation: str, actor: str) -> None:
    assert actor_name(annotation) == actor


def test_the_environment_holds_what_kargo_puts_there() -> None:
    env = environment(scope(state={"s": {"a": 1}}), Step("copy", alias="x"))

    assert env["ctx"] == {
        "uiBaseUrl": "https://k",
        "project": "kargo-demo",
        "promotion": "test.1.f00",
        "stage": "test",
        "targetFreight": {"name": "f00", "alias": "frosty", "origin": {"name": "wh"}},
        "meta": {
            "promotion": {"actor": "alice", "rollback": False},
            "step": {"alias": "x"},
        },
    }
    assert env["outputs"] == {"s": {"a": 1}}
    assert {"target", "task"}.isdisjoint(env)
    assert "answer" in env


def test_task_outputs_are_those_of_the_same_task_by_inner_alias() -> None:
    state: JSONObject = {"t::a": {"x": 1}, "u::a": {"x": 2}, "t": {"x": 3}, "t::a::b": {}}

    env = environment(scope(state=state), Step("copy", alias="t::b"))

    assert env["task"] == {"outputs": {"a": {"x": 1}}}


def test_a_target_is_there_only_when_the_promotion_has_one() -> None:
    target = Target({"region": "us"}, {"tier": "gold"})

    env = environment(scope(target=target), Step("copy", alias="a"))

    assert env["target"] == {"params": {"region": "us"}, "labels": {"tier": "gold"}}


def test_variables_see_those_before_them_and_the_steps_win() -> None:
    values = variables(
        scope(Variable("a", "one"), Variable("b", "${{ vars.a }}")),
        Step("copy", variables=(Variable("a", "two"), Variable("c", "${{ vars.a }}"))),
    )

    assert values == {"a": "two", "b": "one", "c": "two"}


def test_only_the_steps_variables_see_outputs_and_status() -> None:
    state: JSONObject = {"s": {"x": "out"}}
    step = Step(
        "copy",
        variables=(Variable("v", "${{ outputs.s.x }}"), Variable("w", "${{ success() }}")),
    )

    assert variables(scope(state=state), step) == {"v": "out", "w": True}
    with pytest.raises(InvalidError, match='promotion variable "v"'):
        variables(scope(Variable("v", "${{ outputs.s.x }}"), state=state), Step("copy"))


def test_a_failing_step_variable_is_named() -> None:
    step = Step("copy", variables=(Variable("v", "${{ nothing }}"),))

    with pytest.raises(
        InvalidError,
        match=r'^spec\.steps\[0\]\.vars\[0\]\.value: .* step variable "v": unknown name nothing',
    ):
        variables(scope(), step)


def test_functions_are_there_for_every_expression() -> None:
    values = variables(scope(Variable("n", "${{ answer() }}")), Step("copy"))

    assert repr(values) == repr({"n": 42.0})


def test_all_numbers_in_variables_are_floats() -> None:
    state: JSONObject = {"deep": {"a": [1, True, "x", None], "b": 2.5}}

    values = variables(
        scope(state=state), Step("copy", variables=(Variable("d", "${{ outputs.deep }}"),))
    )

    assert repr(values) == repr({"d": {"a": [1.0, True, "x", None], "b": 2.5}})


def test_without_if_a_step_is_skipped_after_a_failure() -> None:
    step = Step("copy", alias="x")

    assert should_skip(scope(earlier=(record("a", StepStatus.FAILED),)), step)
    assert not should_skip(scope(earlier=(record("a", StepStatus.SKIPPED),)), step)


@pytest.mark.parametrize(
    ("condition", "skipped"),
    [
        ("${{ always() }}", False),
        ("${{ success() }}", True),
        ("${{ failure() }}", False),
        ("${{ vars.yes }}", False),
    ],
)
def test_if_decides(condition: str, *, skipped: bool) -> None:
    earlier = (record("a", StepStatus.ERRORED),)
    step = Step(
        "copy", alias="x", condition=condition, variables=(Variable("yes", "${{ always() }}"),)
    )

    assert should_skip(scope(earlier=earlier), step) is skipped


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("true", "string"),
        (None, "null"),
        (1, "number"),
        (1.5, "number"),
        ({}, "object"),
        ([], "array"),
    ],
)
def test_if_must_be_true_or_false(value: JSONValue, name: str) -> None:
    step = Step("copy", alias="x", condition="${{ outputs.it }}")

    with pytest.raises(InvalidError, match=f"boolean, got {name}"):
        should_skip(scope(state={"it": value}), step)


def test_a_failing_if_is_an_error() -> None:
    with pytest.raises(InvalidError, match=r"^spec\.steps\[0\]\.if: unknown name"):
        should_skip(scope(), Step("copy", alias="x", condition="${{ nothing }}"))


def status_of(env: Mapping[str, object], alias: str) -> object:
    function = env["status"]
    assert isinstance(function, Function)
    return function.call([alias])


def test_status_answers_within_the_same_task_only() -> None:
    earlier = (
        record("a", StepStatus.FAILED),
        record("t::a", StepStatus.SUCCEEDED),
        record("t::b", None),
    )

    outside = environment(scope(earlier=earlier), Step("copy", alias="x"))
    inside = environment(scope(earlier=earlier), Step("copy", alias="t::x"))

    assert status_of(outside, "a") == "Failed"
    assert status_of(outside, "t::a") == ""
    assert status_of(inside, "a") == "Succeeded"
    assert status_of(inside, "b") == ""
    assert status_of(inside, "gone") == ""
    with pytest.raises(OperandError, match="must not be empty"):
        status_of(inside, "")


def test_status_functions_declare_their_arguments() -> None:
    env = environment(scope(), Step("copy", alias="x"))

    for name in ("always", "success", "failure"):
        function = env[name]
        assert isinstance(function, Function)
        assert (function.least, function.most) == (0, 0)
    status = env["status"]
    assert isinstance(status, Function)
    assert (status.least, status.most, status.parameters) == (1, 1, ("string",))


def test_step_metadata_has_gos_names_inside_and_json_names_outside() -> None:
    earlier = (StepRecord("a", "copy", StepStatus.FAILED, "no", error_count=2),)

    metas = environment(scope(earlier=earlier), Step("copy", alias="x"))["stepMetas"]

    assert isinstance(metas, dict)
    assert metas["a"].fields["ErrorCount"] == 2
    assert metas["a"].shown == {
        "alias": "a",
        "status": "Failed",
        "message": "no",
        "errorCount": 2,
    }


def test_config_is_evaluated_in_its_values_and_numbers_become_whole() -> None:
    config = cast(
        "JSONObject",
        {
            "a": "${{ vars.v }}",
            "b": [{"c": "${{ outputs.n }}", "d": 2.0}, None],
            "e": "${{ outputs.deep }}",
        },
    )
    step = Step("copy", alias="x", variables=(Variable("v", "text"),), config=config)

    evaluated = evaluated_config(scope(state={"n": 3.0, "deep": {"x": [1.0, 1.5, "s"]}}), step)

    assert repr(evaluated) == repr(
        {"a": "text", "b": [{"c": 3, "d": 2}, None], "e": {"x": [1, 1.5, "s"]}}
    )


def test_no_config_is_an_empty_one() -> None:
    assert evaluated_config(scope(), Step("fail")) == {}


def test_config_must_be_an_object() -> None:
    with pytest.raises(InvalidError, match="must be an object"):
        evaluated_config(scope(), Step("fail", config=["a"]))


def test_an_error_in_config_names_the_field() -> None:
    step = Step("copy", alias="x", config={"updates": [{"value": "${{ nothing }}"}]})

    with pytest.raises(InvalidError, match=r"config\.updates\[0\]\.value: unknown name"):
        evaluated_config(scope(), step)


def test_a_number_too_large_to_be_exact_stays_a_float() -> None:
    step = Step("copy", alias="x", config={"n": "${{ outputs.n }}"})

    assert repr(evaluated_config(scope(state={"n": 1e300}), step)) == "{'n': 1e+300}"


@pytest.mark.parametrize(
    ("number", "whole"),
    [
        (3.0, "3"),
        (-0.0, "0"),
        (2.0**53, "9007199254740992"),
        (1.2345678901234567e19, "12345678901234567000"),
        (1e19, "10000000000000000000"),
        (2.0**64, "1.8446744073709552e+19"),
        (-(2.0**63), "-9.223372036854776e+18"),
        (-1e19, "-1e+19"),
        (1.5, "1.5"),
    ],
)
def test_numbers_are_read_back_as_go_spells_them(number: float, whole: str) -> None:
    step = Step("copy", alias="x", config={"n": "${{ outputs.n }}"})

    assert repr(evaluated_config(scope(state={"n": number}), step)["n"]) == whole


def test_paths_count_from_the_promotion() -> None:
    facts = scope().facts
    later = Scope(facts, render, index=2)
    step = Step("copy", condition="${{ nothing }}", config={"a": ["${{ nothing }}"]})

    with pytest.raises(FieldExpressionError) as condition:
        should_skip(later, step)
    with pytest.raises(FieldExpressionError) as config:
        evaluated_config(later, step)

    assert condition.value.path == "spec.steps[2].if"
    assert config.value.path == "spec.steps[2].config.a[0]"


def test_a_promotion_variable_that_fails_is_located() -> None:
    variables_given = (Variable("ok", "1"), Variable("v", "${{ nothing }}"))

    with pytest.raises(FieldExpressionError, match='promotion variable "v"') as caught:
        variables(scope(*variables_given), Step("copy"))

    assert caught.value.path == "spec.vars[1].value"


def test_the_first_of_equal_aliases_has_the_status() -> None:
    earlier = (record("a", StepStatus.FAILED), record("a", StepStatus.SUCCEEDED))

    assert status_of(environment(scope(earlier=earlier), Step("copy", alias="x")), "a") == "Failed"


def test_an_alias_of_three_parts_belongs_to_no_task() -> None:
    env = environment(
        scope(earlier=(record("a::b::c", StepStatus.FAILED),)), Step("copy", alias="x")
    )

    assert status_of(env, "a::b::c") == "Failed"


def test_a_configuration_holds_unicode_only() -> None:
    step = Step("copy", config={"cut\ud800": "\udcc3"})

    assert evaluated_config(scope(), step) == {"cut\ufffd": "\ufffd"}

from typing import Any

import pytest

from promotions.manifests.stage_graph import circle_through
from tests.unit.manifests.reading import problems, read, stored

COPY = {"uses": "copy"}


def request(name: str = "main", **sources: Any) -> dict[str, Any]:
    return {
        "origin": {"kind": "Warehouse", "name": name},
        "sources": sources or {"direct": True},
    }


def with_steps(*steps: Any) -> dict[str, Any]:
    return {
        "requestedFreight": [request()],
        "promotionTemplate": {"spec": {"steps": list(steps)}},
    }


def wrong(spec: dict[str, Any]) -> list[str]:
    return problems("Stage", spec)


def wrong_steps(*steps: Any) -> list[str]:
    prefix = "spec.promotionTemplate.spec."
    return [it.removeprefix(prefix) for it in wrong(with_steps(*steps))]


def test_a_stage_is_stored_as_it_was_written() -> None:
    spec = with_steps(
        {
            "uses": "anything-at-all",
            "as": "x",
            "if": "${{ true }}",
            "continueOnError": True,
            "retry": {"timeout": "1h0m0s", "errorThreshold": 2},
            "vars": [{"name": "a", "value": "b"}],
            "config": {"deep": [{"null": None, "n": 1, "f": 1.5, "t": "x"}]},
        },
        {"task": {"name": "t", "kind": "ClusterPromotionTask"}},
    )

    assert stored("Stage", spec) == spec


def test_variables_inside_a_task_reference_are_told_where_they_belong() -> None:
    step = {"task": {"name": "t", "vars": [{"name": "a", "value": "b"}]}}

    (warning,) = read("Stage", with_steps(step)).warnings

    assert warning.endswith('steps[0].task.vars"; it belongs beside task, not inside it')


def test_freight_must_be_requested() -> None:
    assert wrong({"requestedFreight": []}) == [
        "spec.requestedFreight: must have at least 1 item(s)"
    ]


def test_an_origin_that_is_requested_twice_is_reported_once_each() -> None:
    requests = [request("a"), request("b"), request("a"), request("a"), request("b")]

    assert wrong({"requestedFreight": requests}) == [
        'spec.requestedFreight[2].origin: "Warehouse/a" is requested more than once',
        'spec.requestedFreight[4].origin: "Warehouse/b" is requested more than once',
    ]


@pytest.mark.parametrize(
    ("sources", "paths"),
    [
        ({"stages": ["a"]}, []),
        ({"direct": True, "stages": ["a"]}, ["direct"]),
        ({"stages": []}, ["stages"]),
        ({"stages": ["a", "b"]}, ["stages"]),
        ({"direct": True}, ["direct", "stages"]),
    ],
)
def test_match_upstream_needs_exactly_one_stage(sources: dict[str, Any], paths: list[str]) -> None:
    options = {"selectionPolicy": "MatchUpstream"}

    found = wrong({"requestedFreight": [request(**sources, autoPromotionOptions=options)]})

    assert [it.split(":")[0].rpartition(".")[2] for it in found] == paths


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"requiredSoakTime": "1d"}, "requiredSoakTime: must be a duration"),
        ({"availabilityStrategy": "Some"}, "availabilityStrategy: must be one of"),
        ({"stages": "test"}, "stages: must be a list"),
        ({"direct": "yes"}, "direct: must be true or false"),
    ],
)
def test_sources_are_checked(fields: dict[str, Any], reason: str) -> None:
    (problem,) = wrong({"requestedFreight": [request(**fields)]})

    assert problem.startswith("spec.requestedFreight[0].sources.")
    assert reason in problem


@pytest.mark.parametrize("strategy", ["All", "OneOf", ""])
def test_availability_strategies_are_known(strategy: str) -> None:
    assert wrong({"requestedFreight": [request(availabilityStrategy=strategy)]}) == []


@pytest.mark.parametrize(
    ("step", "paths"),
    [
        ({}, ["steps[0]"]),
        ({"uses": "copy", "task": {"name": "t"}}, ["steps[0]"]),
        ({"task": {"name": "t"}, "if": "${{ true }}"}, ["steps[0].if"]),
        ({"task": {"name": "t"}, "if": ""}, []),
        ({"task": {"name": "t"}, "config": {}}, ["steps[0].config"]),
        (
            {"task": {"name": "t"}, "if": "x", "config": {"a": 1}},
            ["steps[0].if", "steps[0].config"],
        ),
        ({"task": {"name": "t"}, "continueOnError": False}, ["steps[0].continueOnError"]),
        ({"task": {"name": "t"}, "retry": {}}, ["steps[0].retry"]),
        ({"task": {"name": "T"}}, ["steps[0].task.name"]),
        ({"task": {"name": "t", "kind": "Task"}}, ["steps[0].task.kind"]),
        ({"uses": ""}, ["steps[0].uses"]),
        ({"uses": "copy", "retry": {"timeout": "soon"}}, ["steps[0].retry.timeout"]),
        ({"uses": "copy", "retry": {"errorThreshold": -1}}, ["steps[0].retry.errorThreshold"]),
        ({"uses": "copy", "vars": [{"name": "a-b"}]}, ["steps[0].vars[0].name"]),
    ],
)
def test_a_step_uses_a_runner_or_names_a_task(step: dict[str, Any], paths: list[str]) -> None:
    assert [it.split(": ")[0] for it in wrong_steps(step)] == paths


def test_aliases_are_unique_and_not_reserved() -> None:
    found = wrong_steps(
        {**COPY, "as": "a"}, {**COPY, "as": " a "}, {**COPY, "as": "step-3"}, {**COPY, "as": ""}
    )

    assert [it.split(": ")[0] for it in found] == ["steps[1].as", "steps[2].as"]


def test_a_template_with_an_empty_list_of_steps_is_refused() -> None:
    assert wrong_steps() == ["steps: must have at least 1 item(s)"]


def test_verification_is_checked() -> None:
    spec = {
        "requestedFreight": [request()],
        "verification": {
            "analysisTemplates": [{"name": "a", "kind": "Other"}, {}],
            "args": [{"name": "a"}],
        },
    }

    assert [it.split(": ")[0] for it in wrong(spec)] == [
        "spec.verification.analysisTemplates[0].kind",
        "spec.verification.analysisTemplates[1].name",
        "spec.verification.args[0].value",
    ]


def test_target_selectors_are_checked() -> None:
    bad = {"matchExpressions": [{"key": "a", "operator": "Is", "values": ["b"]}]}

    found = wrong({"requestedFreight": [request()], "targets": {"selectors": [{}, bad]}})

    assert [it.split(": ")[0] for it in found] == ["spec.targets.selectors[1].matchExpressions"]


@pytest.mark.parametrize(
    ("graph", "circle"),
    [
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": ["b"], "b": ["a"]}, ["a", "b", "a"]),
        ({"a": ["b"], "b": ["c"], "c": []}, []),
        ({"a": ["b"], "b": ["missing"]}, []),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, []),
    ],
)
def test_a_circle_is_found_only_through_the_stage(
    graph: dict[str, list[str]], circle: list[str]
) -> None:
    assert circle_through("a", graph["a"][0], graph) == circle

"""What a generic receiver's actions select, and how it answers."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st

from common.jsontypes import JSONObject, JSONValue, as_list, as_object
from promotions.engine.webhooks.decisions import RefusedError
from promotions.engine.webhooks.generic import (
    ActionOutcome,
    ActionPlan,
    plan_actions,
    read_request,
    reply_to,
)
from promotions.engine.webhooks.generic_targets import Target, TargetIndex, TargetKind

URLS = {TargetIndex.SUBSCRIBED_URLS: frozenset({"https://git.example.com/acme/shop"})}
PULL = {TargetIndex.PULL_REQUEST_URL: frozenset({"https://git.example.com/acme/shop/7"})}
SHOP = Target(TargetKind.WAREHOUSE, "p2", "shop", {"tier": "web", "env": "prod"}, URLS)
API = Target(TargetKind.WAREHOUSE, "p1", "shop", {"tier": "api"})
WAITING = Target(TargetKind.PROMOTION, "p1", "wait", {}, PULL)
EMPTY = read_request(b"", headers={}, query={})
TARGETS = [SHOP, API, WAITING]

BODY: JSONObject = {
    "repo": "https://git.example.com/Acme/Shop.git",
    "name": "shop",
    "pr": "https://git.example.com/acme/shop/7",
    "tier": "web",
    "count": 3,
}


def warehouse(**fields: JSONValue) -> JSONObject:
    return {"kind": "Warehouse", **fields}


def index(key: str, value: str, operator: str = "Equals") -> JSONObject:
    return {"matchIndices": [{"key": key, "operator": operator, "value": value}]}


def labels(**exact: str) -> JSONObject:
    return {"matchLabels": exact}


def plan(
    *criteria: JSONObject,
    when: str = "",
    parameters: JSONObject | None = None,
    headers: Mapping[str, str] | None = None,
) -> ActionPlan:
    action: dict[str, JSONValue] = {
        "action": "Refresh",
        "whenExpression": when,
        "targetSelectionCriteria": list(criteria) or [warehouse()],
        "parameters": parameters,
    }
    sent = {name: [value] for name, value in (headers or {}).items()}
    request = read_request(json.dumps(BODY).encode(), headers=sent, query={"source": ["ci"]})
    [planned] = plan_actions(request, actions=[action], path="spec.actions")
    return planned


def names(planned: ActionPlan) -> list[str]:
    return [f"{target.namespace}/{target.name}" for target in planned.select(TARGETS)]


@pytest.mark.parametrize(
    "when",
    [
        "",
        "true",
        "request.body.name == 'shop'",
        "request.body.count == 3",
        "request.header('x-event') == 'push'",
        "request.header('X-Other') == ''",
        "request.headers('X-EVENT') == ['push']",
        "len(request.headers('X-Other')) == 0",
        "request.params('source') == 'ci' and request.params('other') == ''",
        "params.wanted == 'shop'",
        "normalizeGit(request.body.repo) == 'https://git.example.com/acme/shop'",
        "normalizeImage('docker.io/library/nginx') == 'nginx'",
        "normalizeChart('oci://ghcr.io/Acme/Shop') == 'ghcr.io/acme/shop'",
    ],
)
def test_the_condition_sees_the_request_and_the_parameters(when: str) -> None:
    found = plan(when=when, parameters={"wanted": "shop"}, headers={"X-Event": "push"})

    assert found.is_matched, found.summary


def test_a_condition_that_does_not_hold_selects_nothing() -> None:
    found = plan(when="request.body.name == 'other'")

    assert (found.is_matched, found.result) == (False, "NotApplicable")
    assert found.summary == "Request did not match whenExpression"
    assert names(found) == []


@pytest.mark.parametrize("when", ["1", "'true'", "nil", "missing()", "{x!", "request.body.name +"])
def test_a_condition_that_is_not_true_or_false_is_an_error(when: str) -> None:
    found = plan(when=when)

    assert (found.is_matched, found.result) == (False, "Error")
    assert found.summary == "Error evaluating whenExpression"


@pytest.mark.parametrize(
    ("criterion", "found"),
    [
        (warehouse(), ["p1/shop", "p2/shop"]),
        (warehouse(name="shop"), ["p1/shop", "p2/shop"]),
        (warehouse(name="${{ request.body.name }}"), ["p1/shop", "p2/shop"]),
        (warehouse(name="other"), []),
        (warehouse(labelSelector=labels(tier="web")), ["p2/shop"]),
        (warehouse(labelSelector=labels(tier="${{ request.body.tier }}")), ["p2/shop"]),
        (warehouse(labelSelector=labels(tier="web", env="dev")), []),
        (
            warehouse(
                labelSelector={
                    "matchExpressions": [
                        {"key": "tier", "operator": "In", "values": ["${{ request.body.tier }}"]}
                    ]
                }
            ),
            ["p2/shop"],
        ),
        (
            warehouse(labelSelector={"matchExpressions": [{"key": "env", "operator": "Exists"}]}),
            ["p2/shop"],
        ),
        (
            warehouse(
                indexSelector=index("subscribedURLs", "${{ normalizeGit(request.body.repo) }}")
            ),
            ["p2/shop"],
        ),
        (
            warehouse(
                indexSelector=index(
                    "subscribedURLs", "https://git.example.com/acme/shop", "NotEquals"
                )
            ),
            ["p1/shop"],
        ),
        (warehouse(indexSelector=index("receiverPaths", "/x")), []),
        (
            warehouse(
                labelSelector=labels(tier="api"),
                indexSelector=index("subscribedURLs", "https://git.example.com/acme/shop"),
            ),
            [],
        ),
        (
            {
                "kind": "Promotion",
                "indexSelector": index("pullRequestURL", "${{ request.body.pr }}"),
            },
            ["p1/wait"],
        ),
    ],
)
def test_a_criterion_asks_for_name_labels_and_indices_together(
    criterion: JSONObject, found: list[str]
) -> None:
    assert names(plan(criterion)) == found


def test_any_criterion_is_enough_and_nothing_is_selected_twice() -> None:
    found = plan(
        warehouse(name="shop"),
        warehouse(labelSelector=labels(tier="web")),
        {"kind": "Promotion", "name": "wait"},
    )

    assert names(found) == ["p1/shop", "p1/wait", "p2/shop"]


@pytest.mark.parametrize(
    "criterion",
    [
        {"kind": "Stage", "name": "x"},
        {"name": "x"},
        warehouse(name="${{ request.body.count }}"),
        warehouse(name="${{ nonsense("),
        warehouse(labelSelector=labels(tier="${{ request.body.repo }}")),
        warehouse(labelSelector=labels(tier="x" * 64)),
        warehouse(labelSelector={"matchExpressions": [{"key": "tier", "operator": "Near"}]}),
        warehouse(labelSelector={"matchExpressions": [{"key": "tier", "operator": "In"}]}),
        warehouse(indexSelector=index("pullRequestURL", "x")),
        warehouse(indexSelector=index("names", "x")),
        warehouse(indexSelector=index("subscribedURLs", "x", "Like")),
        warehouse(indexSelector=index("subscribedURLs", "${{ 1 }}")),
    ],
)
def test_a_criterion_that_cannot_be_decided_is_an_error(criterion: JSONObject) -> None:
    found = plan(criterion)

    assert (found.is_matched, found.result) == (True, "Error")
    assert found.summary == "Error evaluating targetSelectionCriteria"
    assert names(found) == []


def test_actions_do_not_disturb_each_other() -> None:
    actions: list[JSONObject] = [
        {"whenExpression": "boom("},
        {"parameters": {"a": "1"}, "whenExpression": "params.a == '1'"},
        {"whenExpression": "params.a == nil"},
    ]

    found = plan_actions(EMPTY, actions=actions, path="actions")

    assert [it.is_matched for it in found] == [False, True, True]


def test_an_empty_body_is_nil_and_one_that_is_no_json_is_refused() -> None:
    action: JSONObject = {"whenExpression": "request.body == nil"}

    [found] = plan_actions(EMPTY, actions=[action], path="actions")

    assert found.is_matched
    with pytest.raises(RefusedError, match="invalid request body"):
        read_request(b"nope", headers={}, query={})


def test_numbers_are_floats_as_in_go_and_must_fit_one() -> None:
    request = read_request(b'{"n": 7, "big": 123456789012345678901234567890}', headers={}, query={})
    action: JSONObject = {
        "whenExpression": "type(request.body.n) == 'float' && request.body.n == 7"
    }

    [found] = plan_actions(request, actions=[action], path="actions")

    assert found.is_matched, found.problem
    with pytest.raises(RefusedError):
        read_request(b"1e999", headers={}, query={})


def test_a_problem_names_its_place_in_the_manifest() -> None:
    assert plan(when="1 +").problem.startswith("spec.actions[0].whenExpression: ")
    assert plan(warehouse(), warehouse(labelSelector=labels(tier="${{ 1 }}"))).problem.startswith(
        "spec.actions[0].targetSelectionCriteria[1].labelSelector.matchLabels.tier: "
    )


@pytest.mark.parametrize(
    ("successes", "status", "result", "summary"),
    [
        ((), 200, "Success", "Refreshed 0 of 0 selected resources"),
        ((True, True), 200, "Success", "Refreshed 2 of 2 selected resources"),
        ((True, False), 500, "PartialSuccess", "Refreshed 1 of 2 selected resources"),
        ((False, False), 500, "Failure", "Refreshed 0 of 2 selected resources"),
    ],
)
def test_the_answer_says_how_every_action_went(
    successes: tuple[bool, ...], status: int, result: str, summary: str
) -> None:
    outcome = ActionOutcome(plan(), tuple(zip((SHOP, API), successes, strict=False)))

    reply = reply_to([outcome])

    [shown] = as_list(reply.body["results"])
    assert reply.status == status
    assert as_object(shown)["result"] == result
    assert as_object(shown)["summary"] == summary
    assert as_object(shown)["matchedWhenExpression"] is True
    assert len(as_list(as_object(shown).get("selectedTargets"))) == len(successes)


def test_the_answer_repeats_the_action_and_one_error_fails_the_request() -> None:
    outcomes = [ActionOutcome(plan(when=when)) for when in ("false", "oops(")]

    reply = reply_to(outcomes)

    first, second = (as_object(it) for it in as_list(reply.body["results"]))
    assert reply.status == 500
    assert (first["action"], first["whenExpression"]) == ("Refresh", "false")
    assert (first["result"], second["result"]) == ("NotApplicable", "Error")
    assert "selectedTargets" not in first
    assert first["targetSelectionCriteria"] == [
        {"kind": "Warehouse", "labelSelector": {}, "indexSelector": {}}
    ]


@given(body=st.binary(), when=st.text(), value=st.text(), header=st.text())
def test_whatever_is_sent_or_written_every_action_gets_a_plan(
    body: bytes, when: str, value: str, header: str
) -> None:
    action: JSONObject = {
        "whenExpression": when,
        "targetSelectionCriteria": [warehouse(name=value, labelSelector=labels(tier=value))],
    }
    try:
        request = read_request(body, headers={"X": [header]}, query={"y": [header]})
    except RefusedError:
        return
    found = plan_actions(request, actions=[action], path="actions")
    assert len(found) == 1
    json.dumps(reply_to([ActionOutcome(it) for it in found]).body)

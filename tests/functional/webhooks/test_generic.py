"""Generic receivers: what their actions select, and what they answer."""

from typing import Any

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.models import Warehouse
from tests.factories.domain import make_project, make_tenant
from tests.functional.webhooks.hooks import GIT, SYSTEM, Hooks, entry, is_refreshed

pytestmark = pytest.mark.django_db


def _action(*criteria: JSONObject, when: str = "", **rest: JSONValue) -> JSONObject:
    condition = {"whenExpression": when} if when else {}
    targets = [{"kind": "Warehouse", **it} for it in criteria]
    return {"action": "Refresh", **condition, "targetSelectionCriteria": targets, **rest}


def _index(operator: str, value: str, key: str = "subscribedURLs") -> JSONObject:
    return {"indexSelector": {"matchIndices": [{"key": key, "operator": operator, "value": value}]}}


def _sent(hooks: Hooks, *actions: JSONObject, payload: JSONValue = None, query: str = "") -> Any:
    path = hooks.receiver("generic", actions=list(actions))
    return hooks.send(path + query, b"" if payload is None else payload, {"X-Team": "shop"})


def _refreshed() -> set[str]:
    return {row.name for row in Warehouse.objects.all() if is_refreshed(row)}


def test_an_action_refreshes_what_the_request_names(hooks: Hooks) -> None:
    for name in ("api", "web"):
        hooks.warehouse(name)
    action = _action(
        {"name": "${{ request.body.name }}"}, when="request.header('X-Team') == 'shop'"
    )

    answer = _sent(hooks, action, payload={"name": "web"})

    (result,) = answer.json()["results"]
    assert answer.status_code == 200
    assert result["result"] == "Success"
    assert result["matchedWhenExpression"] is True
    assert result["selectedTargets"] == [{"namespace": "demo", "name": "web", "success": True}]
    assert result["summary"] == "Refreshed 1 of 1 selected resources"
    assert _refreshed() == {"web"}


@pytest.mark.parametrize(
    ("criterion", "selected"),
    [
        ({"labelSelector": {"matchLabels": {"team": "${{ request.params('team') }}"}}}, {"api"}),
        (
            {
                "labelSelector": {
                    "matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]
                }
            },
            {"web", "other"},
        ),
        (
            _index("Equals", "${{ normalizeGit('https://GitHub.com/acme/shop.git') }}"),
            {"api", "web"},
        ),
        (_index("NotEquals", "https://github.com/acme/shop"), {"other"}),
        (_index("Equals", "x", key="receiverPaths"), set()),
        ({"name": "web", **_index("Equals", "https://github.com/acme/shop")}, {"web"}),
        ({"name": "other", **_index("Equals", "https://github.com/acme/shop")}, set()),
    ],
)
def test_criteria_select_by_name_labels_and_indexes(
    hooks: Hooks, criterion: JSONObject, selected: set[str]
) -> None:
    hooks.warehouse("api", labels={"team": "shop"})
    hooks.warehouse("web", labels={"team": "web"})
    hooks.warehouse("other", {"git": {"repoURL": "https://github.com/acme/other"}})
    Hooks(make_project("elsewhere")).warehouse("api", labels={"team": "shop"})

    answer = _sent(hooks, _action(criterion), query="?team=shop")

    (result,) = answer.json()["results"]
    assert answer.status_code == 200
    assert {it["name"] for it in result.get("selectedTargets", [])} == selected
    assert {it["namespace"] for it in result.get("selectedTargets", [])} <= {"demo"}
    assert _refreshed() == selected


def test_an_action_whose_condition_does_not_hold_does_nothing(hooks: Hooks) -> None:
    hooks.warehouse()

    answer = _sent(hooks, _action({"name": "main"}, when="request.body.x == 1"), payload={"x": 2})

    (result,) = answer.json()["results"]
    assert answer.status_code == 200
    assert (result["result"], result["matchedWhenExpression"]) == ("NotApplicable", False)
    assert not _refreshed()


def test_an_action_that_cannot_be_decided_stops_no_other(hooks: Hooks) -> None:
    hooks.warehouse()

    answer = _sent(
        hooks,
        _action({"name": "main"}, when="request.body.x.y"),
        _action({"name": "${{ request.body }}"}),
        _action({"name": "${{ params.name }}"}, parameters={"name": "main"}),
        payload={"x": {"y": 1}},
    )

    results = [it["result"] for it in answer.json()["results"]]
    assert answer.status_code == 500
    assert results == ["Error", "Error", "Success"]
    assert _refreshed() == {"main"}


def test_a_body_that_is_no_json_is_refused(hooks: Hooks) -> None:
    answer = _sent(hooks, _action({"name": "main"}), payload=b"{")

    assert (answer.status_code, answer.json()) == (400, {"error": "invalid request body"})


def test_a_receiver_without_actions_does_nothing(hooks: Hooks) -> None:
    path = hooks.receiver("generic")

    answer = hooks.send(path, {})

    assert (answer.status_code, answer.json()) == (200, {"results": []})


def test_a_tenants_receiver_selects_in_all_of_its_projects(hooks: Hooks) -> None:
    Hooks(make_project("api")).warehouse()
    stranger = Hooks(make_project("demo", tenant=make_tenant("acme")))
    hooks.warehouse()
    theirs = stranger.warehouse()
    hooks.secret(namespace=SYSTEM)
    hooks.configure_cluster(
        entry("generic", actions=[_action(_index("Equals", GIT.removesuffix(".git")))])
    )

    answer = hooks.send(hooks.cluster_path(), {})

    (result,) = answer.json()["results"]
    places = [(it["namespace"], it["name"]) for it in result["selectedTargets"]]
    assert places == [("api", "main"), ("demo", "main")]
    assert not is_refreshed(theirs)

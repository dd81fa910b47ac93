from typing import Any

import pytest

from common.errors import InvalidError
from promotions.engine.argocd.selectors import selector_of

LABELS = {"team": "shop", "tier": "web"}


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


@pytest.mark.parametrize(
    ("config", "text", "outcome"),
    [
        ({"matchLabels": {"team": "shop"}}, "team in (shop)", "chosen"),
        (
            {"matchLabels": {"tier": "db", "team": "shop"}},
            "team in (shop),tier in (db)",
            "passed over",
        ),
        (
            {"matchExpressions": [expression("team", "In", "a", "shop")]},
            "team in (a,shop)",
            "chosen",
        ),
        (
            {"matchExpressions": [expression("team", "NotIn", "shop")]},
            "team notin (shop)",
            "passed over",
        ),
        ({"matchExpressions": [expression("gone", "NotIn", "x")]}, "gone notin (x)", "chosen"),
        ({"matchExpressions": [expression("team", "Exists")]}, "team", "chosen"),
        ({"matchExpressions": [expression("gone", "DoesNotExist")]}, "!gone", "chosen"),
        ({"matchExpressions": [expression("a.b/team", "Exists")]}, "a.b/team", "passed over"),
    ],
)
def test_labels_are_looked_at_as_kubernetes_does(
    config: dict[str, Any], text: str, outcome: str
) -> None:
    selector = selector_of(config)

    assert str(selector) == text
    assert selector.matches(LABELS) is (outcome == "chosen")


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({}, "asks for nothing"),
        ({"matchExpressions": [expression("a", "In")]}, "needs at least one value"),
        ({"matchExpressions": [expression("a", "Exists", "b")]}, "takes no values"),
        ({"matchExpressions": [expression("a", "Equals", "b")]}, "not an operator"),
        ({"matchLabels": {"a,b": "c"}}, "cannot be the key"),
        ({"matchLabels": {"a": "b),c in (d"}}, "cannot be the value"),
    ],
)
def test_a_selector_that_makes_no_sense_is_refused(config: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidError, match=reason):
        selector_of(config)

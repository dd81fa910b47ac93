import pytest

from common.jsontypes import JSONValue
from promotions.engine.schema import ConfigSchema
from promotions.steps.argocd_wait import SCHEMA


def problems(wanted: JSONValue) -> bool:
    config: dict[str, JSONValue] = {"apps": [{"name": "shop", "waitFor": wanted}]}
    return bool(ConfigSchema("argocd-wait", SCHEMA).problems(config))


@pytest.mark.parametrize(
    "wanted", [["health", "sync", "operation", "suspended", "degraded"], ["sync"]]
)
def test_each_condition_may_be_waited_for(wanted: JSONValue) -> None:
    assert not problems(wanted)


@pytest.mark.parametrize("wanted", [[], ["sync", "sync"], ["ready"], "sync"])
def test_what_is_no_list_of_distinct_conditions_is_refused(wanted: JSONValue) -> None:
    assert problems(wanted)

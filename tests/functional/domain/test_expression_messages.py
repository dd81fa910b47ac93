"""What a Warehouse's conditions say of an expression that fails."""

from common.jsontypes import JSONObject
from tests.fakes.git_origin import Origin
from tests.functional.domain.world import World, words


def subscription(origin: Origin, **rest: str) -> JSONObject:
    return {"git": {"repoURL": origin.url, "branch": "main", **rest}}


def test_a_filter_that_fails_is_found_by_its_path(world: World, origin: Origin) -> None:
    warehouse = world.watch(subscription(origin, expressionFilter="subject +"))
    world.settle()

    message = words(warehouse, "Healthy")
    assert "spec.subscriptions[0].git.expressionFilter: " in message
    assert 'in "subject +" (line 1, column ' in message


def test_criteria_that_fail_are_found_by_their_path(world: World, origin: Origin) -> None:
    criteria: JSONObject = {"expression": "commitFrom('x').ID"}

    warehouse = world.watch(subscription(origin), freightCreationCriteria=criteria)
    world.settle()

    assert words(warehouse).startswith("spec.freightCreationCriteria.expression: ")


def test_now_is_known_to_filters_and_criteria(world: World, origin: Origin) -> None:
    warehouse = world.watch(
        subscription(origin, expressionFilter="now() - commitDate < duration('1000000h')"),
        freightCreationCriteria={"expression": "now().Year() > 2000"},
    )
    world.settle()

    assert words(warehouse, "FreightCreationCriteriaSatisfied") == (
        "the newest artifacts may become Freight"
    )

"""What an operator may switch on that Kargo does not do: included templates, fields to name."""

from typing import Any

import pytest
from pytest_django import Settings

from tests.fakes.metrics.server import MetricServer, answer_json
from tests.functional.analysis.scenes import only_run, template, verifying, web
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db

OK: dict[str, Any] = {"ok": True}


@pytest.mark.parametrize(("is_wanted", "measured"), [(False, ["own"]), (True, ["own", "shared"])])
def test_templates_that_a_template_includes_count_if_the_operator_says_so(
    world: World, metrics: MetricServer, settings: Settings, is_wanted: object, measured: list[str]
) -> None:
    settings.NESTED_ANALYSIS_TEMPLATES = is_wanted
    metrics.rule = lambda _: answer_json(OK)
    included: Any = {"templateName": "shared", "clusterScope": False}
    template(world, web(f"{metrics.url}/own", name="own"), templates=[included])
    circle: Any = {"templateName": "smoke", "clusterScope": False}
    template(world, web(f"{metrics.url}/shared", name="shared"), name="shared", templates=[circle])

    promoted(world)

    assert [it["name"] for it in only_run(world).spec["metrics"]] == measured


@pytest.mark.parametrize(
    ("is_allowed", "said"),
    [
        (True, ""),
        (False, 'Unable to resolve metric arguments: argument "stage" was not supplied'),
    ],
)
def test_an_argument_is_a_field_of_the_stage_if_the_operator_says_so(
    world: World, metrics: MetricServer, settings: Settings, is_allowed: object, said: str
) -> None:
    settings.ANALYSIS_FIELD_REFS = is_allowed
    metrics.rule = lambda _: answer_json(OK)
    argument: Any = {"name": "stage", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    template(world, web(f"{metrics.url}/{{{{args.stage}}}}"), args=[argument])

    promoted(world)

    assert only_run(world).status.get("message", "") == said
    assert metrics.paths == (["GET /test"] if is_allowed else [])


def promoted(world: World) -> None:
    """Put Freight into a Stage that verifies by ``smoke``."""
    world.warehouse()
    world.promote(world.stage("test", **verifying()), world.freight("a"))
    world.settle()

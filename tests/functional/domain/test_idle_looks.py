"""A look at a Stage of which there is no news costs little."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.models import Stage
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db


def settled(world: World) -> Stage:
    """Return a Stage that holds what it was promoted to, verified."""
    world.warehouse()
    world.automate()
    stage = world.stage()
    world.promote(stage, world.freight())
    world.settle()
    return stage


def statements_of_a_look(world: World, stage: Stage) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        world.reconcile(stage)
    return [it["sql"] for it in captured.captured_queries]


def test_a_look_without_news_writes_nothing_but_its_lease(world: World) -> None:
    stage = settled(world)
    statements_of_a_look(world, stage)

    sent = statements_of_a_look(world, stage)

    written = [it for it in sent if it.startswith(("UPDATE", "INSERT"))]
    assert [it for it in written if "promotions_work" not in it] == []


def test_a_look_asks_for_the_configuration_once(world: World) -> None:
    stage = settled(world)

    sent = statements_of_a_look(world, stage)

    assert sum('FROM "projects_projectconfig"' in it for it in sent) == 1
    assert sum('FROM "projects_clusterconfig"' in it for it in sent) == 1

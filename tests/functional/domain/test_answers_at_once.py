"""People who answer at the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from common.errors import ConflictError
from common.jsontypes import JSONObject
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionResponse
from rbac.actors import Actor
from tests.factories.people import make_viewer
from tests.functional.domain.conftest import build
from tests.functional.domain.people import approval, person, promoted, respond, step
from tests.functional.domain.world import World

pytestmark = pytest.mark.django_db(transaction=True)

FORM: JSONObject = {"type": "object", "properties": {"note": {"type": "string"}}}
PEOPLE = 6


@pytest.fixture
def world(transactional_db: None, operator: Settings) -> World:
    return build(operator)


def at_once(promotion: Promotion, actors: list[Actor], action: Action, alias: str) -> list[bool]:
    """Return who got through."""

    def answer(actor: Actor) -> bool:
        values = {"note": actor.name} if action is Action.SUBMIT else None
        try:
            respond(promotion, actor, action, alias=alias, values=values)
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(max_workers=len(actors)) as pool:
        return list(pool.map(answer, actors))


def test_one_form_is_taken_however_many_are_submitted_at_once(world: World) -> None:
    promotion = promoted(world, step("get-user-input", "ask", schema=FORM))
    actors = [person(world, make_viewer, f"user{number}") for number in range(PEOPLE)]

    taken = at_once(promotion, actors, Action.SUBMIT, "ask")
    world.settle()

    promotion.refresh_from_db()
    assert taken.count(True) == 1
    assert PromotionResponse.objects.count() == 1
    assert promotion.phase == "Succeeded"


def test_one_person_who_approves_many_times_at_once_counts_once(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))
    bob = person(world, make_viewer, "bob")

    taken = at_once(promotion, [bob] * PEOPLE, Action.APPROVE, "approve")
    world.settle()

    promotion.refresh_from_db()
    assert taken.count(True) == 1
    assert promotion.message == "waiting: 1 of 2 approvals"


def test_approvals_stop_at_the_number_that_is_needed(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=3))
    actors = [person(world, make_viewer, f"user{number}") for number in range(PEOPLE)]

    taken = at_once(promotion, actors, Action.APPROVE, "approve")
    world.settle()

    promotion.refresh_from_db()
    assert taken.count(True) == 3
    assert promotion.phase == "Succeeded"

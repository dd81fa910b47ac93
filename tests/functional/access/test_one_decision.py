"""The same act by another door is decided alike: for everybody, and in the same words."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import resolve

from promotions.engine.phases import PromotionPhase
from promotions.models import Freight, PromotionPrompt, Stage, StepExecution
from tests.factories.domain import NOON, make_promotion
from tests.functional.access.acts import ACTS, BEFORE, OPERATORS
from tests.functional.access.doors import doors
from tests.functional.access.grounds import World
from tests.functional.access.knocking import Answer, Door
from tests.functional.access.people import NOBODY, Who

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PEOPLE = tuple(who for who in Who if who not in NOBODY)
_ONE_DOOR: Mapping[str, str] = {
    "IdentityProvider.check_providers": "has its own test, with identity providers",
    "ApiToken.revoke": "tokens of people are made and revoked in the admin alone",
}
"""Ways in that need no second one here, each with its reason."""


@pytest.fixture(scope="module", autouse=True)
def _asking(world: World, django_db_blocker: Any) -> None:
    """Have a promotion ask people something."""
    with django_db_blocker.unblock():
        stage = Stage.objects.get(project=world.grounds.project, name="test")
        freight = Freight.objects.get(name=world.grounds.names["freight"])
        promotion = make_promotion(stage, freight, phase=PromotionPhase.RUNNING)
        step = {"promotion": promotion, "alias": "ask", "kind": "wait-for-approval"}
        StepExecution.objects.create(**step, index=0, status="Running", started_at=NOON)
        PromotionPrompt.objects.create(**step, config={}, asked_at=NOON)
        world.grounds.names["asking"] = promotion.name


@pytest.mark.parametrize("act", ACTS)
def test_all_doors_decide_alike(world: World, act: str, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        outcomes = {
            str(who): {
                name: _UNSEEN[answer.outcome] if act in OPERATORS else answer.outcome
                for name, door in ACTS[act].items()
                if (answer := attempt(world, who, door, before=BEFORE.get(act))) is not None
            }
            for who in PEOPLE
        }

    apart = {who: found for who, found in outcomes.items() if len(set(found.values())) > 1}
    assert apart == {}
    assert "missing" not in outcomes[str(Who.OPERATOR)].values(), "the act itself does not exist"


def test_a_refusal_has_the_same_words_at_every_door(world: World, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        words = {
            name: answer.words
            for name, door in ACTS["promote what is not available"].items()
            if (answer := attempt(world, Who.OPERATOR, door)) is not None
        }
        words["command"] = command_words(world)

    assert len(set(words.values())) == 1, words
    assert "not available" in words["REST"]


def test_every_form_of_the_portal_and_action_of_the_admin_is_held_against_another_door() -> None:
    pages = {
        f"portal:{match.url_name}"
        for door in doors()
        if door.method == "POST" and not door.is_api
        if (match := resolve("/" + re.sub(r"<(?:\w+:)?\w+>", "x", door.route))).namespace
        == "portal"
    }
    actions = {
        f"{model.__name__}.{action}"
        for model, shown in admin.site._registry.items()
        for action in shown.actions or ()
    }

    held = {door.leads_to for ways in ACTS.values() for door in ways.values()}

    assert (pages | actions) - held == _ONE_DOOR.keys()
    assert all(len(ways) > 1 for ways in ACTS.values())


_UNSEEN = {"missing": "forbidden", "forbidden": "forbidden", "done": "done"}


def attempt(
    world: World, who: Who, door: Door, *, before: Callable[[World], None] | None = None
) -> Answer | None:
    """Return what comes of an act, and undo it."""
    with transaction.atomic():
        if before is not None:
            before(world)
        answer = door.knock(world, who)
        transaction.set_rollback(True)
    return answer


def command_words(world: World) -> str:
    """Return what the command line says of a promotion that is not available."""
    names = world.grounds.names
    arguments = ("promote", "demo", "prod", names["freight"])
    try:
        call_command(*arguments, tenant="acme", dry_run=True)
    except CommandError as error:
        return str(error)
    return ""

"""People are asked once and answer once, whenever the worker of a step that waits for them dies."""

import pytest

from common.jsontypes import JSONObject
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionPrompt, PromotionResponse
from tests.factories.people import make_viewer
from tests.functional.domain.people import approval, output, person, respond, step
from tests.functional.domain.world import World
from tests.functional.kills.conftest import DEATHS
from tests.functional.kills.fate import Fate
from tests.functional.kills.mortal import Moment

pytestmark = pytest.mark.slow

ASKING = 'INSERT INTO "promotions_promotionprompt"'
AFTERWARDS = [it for it in DEATHS if Moment.AFTER.value in str(it.id)]
"""Looking at answers has no effect, so there is no before and no during."""


def form() -> JSONObject:
    return step("get-user-input", "ask", schema={"type": "object"})


def approve(world: World, promotion: Promotion, *names: str) -> None:
    for name in names:
        respond(promotion, person(world, make_viewer, name), Action.APPROVE)


def fill_in(world: World, promotion: Promotion) -> None:
    bob = person(world, make_viewer, "bob")
    respond(promotion, bob, Action.SUBMIT, alias="ask", values={"version": "v7"})


def test_an_approval_is_asked_for_once(fate: Fate) -> None:
    world, promotion = fate.begin(approval())

    fate.kill(world, kind="wait-for-approval", effect=(ASKING, "wait-for-approval"))
    fate.resume(world, promotion)
    waiting = promotion.phase
    approve(world, promotion, "bob")
    world.settle()

    assert waiting == "Running"
    assert PromotionPrompt.objects.count() == 1
    assert [it["user"] for it in output(promotion)["responses"]] == ["bob@example.com"]
    assert promotion.phase == "Succeeded", promotion.message


@pytest.mark.parametrize("fate", AFTERWARDS, indirect=True)
def test_who_approves_while_nobody_works_is_heard(fate: Fate) -> None:
    world, promotion = fate.begin(approval())

    fate.kill(world, kind="wait-for-approval")
    approve(world, promotion, "bob")
    fate.resume(world, promotion)

    assert promotion.phase == "Succeeded", promotion.message
    assert [it["user"] for it in output(promotion)["responses"]] == ["bob@example.com"]


@pytest.mark.parametrize("fate", AFTERWARDS, indirect=True)
def test_approvals_that_were_seen_and_not_noted_count(fate: Fate) -> None:
    world, promotion = fate.begin(approval(minApprovals=2))
    world.settle()
    approve(world, promotion, "bob", "carol")

    fate.kill(world, kind="wait-for-approval")
    fate.resume(world, promotion)

    assert promotion.phase == "Succeeded", promotion.message
    assert PromotionResponse.objects.count() == 2
    assert len(output(promotion)["responses"]) == 2


def test_input_is_asked_for_once(fate: Fate) -> None:
    world, promotion = fate.begin(form())

    fate.kill(world, kind="get-user-input", effect=(ASKING, "get-user-input"))
    fate.resume(world, promotion)
    waiting = promotion.phase
    fill_in(world, promotion)
    world.settle()

    assert waiting == "Running"
    assert PromotionPrompt.objects.count() == 1
    assert output(promotion, "ask")["values"] == {"version": "v7"}
    assert promotion.phase == "Succeeded", promotion.message


@pytest.mark.parametrize("fate", AFTERWARDS, indirect=True)
def test_input_that_was_seen_and_not_noted_stays(fate: Fate) -> None:
    world, promotion = fate.begin(form())
    world.settle()
    fill_in(world, promotion)

    fate.kill(world, kind="get-user-input")
    fate.resume(world, promotion)

    assert promotion.phase == "Succeeded", promotion.message
    assert output(promotion, "ask")["values"] == {"version": "v7"}
    assert PromotionResponse.objects.count() == 1

"""Steps that ask people, in real promotions."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from common.clock import now
from common.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from common.jsontypes import JSONObject, JSONValue
from projects.models import Change
from promotions.engine.approvals import Action
from promotions.models import Promotion, PromotionPrompt, PromotionResponse, Stage, Work
from promotions.services.promotions import abort_promotion
from promotions.services.responses import Answer, respond_to_promotion
from rbac.actors import controller
from rbac.defaults import PROMOTER, VIEWER
from rbac.models import AuditEvent
from rbac.selectors import actor_for
from tests.factories.domain import make_project
from tests.factories.people import grant, make_operator, make_person, make_promoter, make_viewer
from tests.functional.domain.people import approval, output, person, promoted, respond, step
from tests.functional.domain.world import World, steps_of

APPROVE, REJECT, SUBMIT = Action.APPROVE, Action.REJECT, Action.SUBMIT
FORM: JSONObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version"],
    "properties": {"version": {"type": "string", "pattern": "^v[0-9]+$"}},
}


# ------------------------------------------------------------ wait-for-approval
def test_a_promotion_waits_for_enough_distinct_people_and_goes_on_at_once(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2), step("compose-output", "after", a=1))
    alice, bob = person(world, make_promoter, "alice"), person(world, make_viewer, "bob")
    waited = world.due_in(promotion)

    respond(promotion, alice, APPROVE, "looks good")
    after_one = world.settle()
    respond(promotion, bob, APPROVE)
    world.settle()

    assert waited is not None
    assert waited > timedelta(seconds=20)
    assert after_one == 1
    assert output(promotion)["responses"] == [
        {"user": "alice@example.com", "action": "approve", "message": "looks good"}
        | {"time": output(promotion)["responses"][0]["time"]},
        {"user": "bob@example.com", "action": "approve"}
        | {"time": output(promotion)["responses"][1]["time"]},
    ]
    assert promotion.phase == "Succeeded"
    assert steps_of(promotion) == [("approve", "Succeeded"), ("after", "Succeeded")]


def test_while_it_waits_it_says_what_for(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))
    respond(promotion, person(world, make_viewer, "bob"), APPROVE)
    world.settle()

    promotion.refresh_from_db()
    assert promotion.message == "waiting: 1 of 2 approvals"
    assert [it["user"] for it in output(promotion)["responses"]] == ["bob@example.com"]


def test_one_rejection_fails_the_promotion_at_once(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=3), step("compose-output", "after", a=1))
    alice, bob = person(world, make_promoter, "alice"), person(world, make_viewer, "bob")

    respond(promotion, alice, APPROVE)
    respond(promotion, bob, REJECT, "not on a Friday")
    world.settle()

    assert [it["action"] for it in output(promotion)["responses"]] == ["approve", "reject"]
    assert promotion.phase == "Failed"
    assert promotion.message == 'step "approve": rejected by bob@example.com: not on a Friday'
    assert steps_of(promotion)[0] == ("approve", "Failed")


def test_who_approved_may_still_reject_but_nobody_answers_the_same_twice(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))
    bob = person(world, make_viewer, "bob")

    respond(promotion, bob, APPROVE)
    with pytest.raises(ConflictError, match="answered already"):
        respond(promotion, bob, APPROVE)
    respond(promotion, bob, REJECT)
    with pytest.raises(ConflictError, match="has the answers that it needs"):
        respond(promotion, bob, APPROVE)

    world.settle()
    promotion.refresh_from_db()
    assert promotion.phase == "Failed"


def test_a_token_and_its_user_are_one_person(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))
    bob = person(world, make_viewer, "bob")

    respond(promotion, bob, APPROVE)
    with pytest.raises(ConflictError):
        respond(promotion, replace(bob, name="email:other@example.com"), APPROVE)


def test_only_who_matches_a_rule_may_answer(world: World) -> None:
    rules: JSONValue = [
        {"role": "kargo-promoter"},
        {"claim": "email", "value": "carol@example.com"},
    ]
    promotion = promoted(world, approval(approvers=rules))

    with pytest.raises(ForbiddenError, match="asks only: role kargo-promoter or email carol@"):
        respond(promotion, person(world, make_viewer, "bob"), APPROVE)
    with pytest.raises(ForbiddenError):
        respond(promotion, actor_for(make_operator(), address=""), APPROVE)
    with pytest.raises(ForbiddenError):
        respond(promotion, controller("promotion"), APPROVE)
    respond(promotion, person(world, make_viewer, "carol"), APPROVE)

    world.settle()
    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"


def test_a_role_held_in_another_project_does_not_count(world: World) -> None:
    promotion = promoted(world, approval(approvers=[{"role": "kargo-promoter"}]))
    user = make_person("bob")
    other = make_project("other", tenant=world.project.tenant)
    grant(user, VIEWER, tenant=world.project.tenant, project=world.project)
    grant(user, PROMOTER, tenant=world.project.tenant, project=other)

    with pytest.raises(ForbiddenError):
        respond(promotion, actor_for(user, address=""), APPROVE)


def test_a_required_rule_must_be_met_by_somebody_who_approves(world: World) -> None:
    rules: JSONValue = [
        {"role": "kargo-promoter", "required": True},
        {"role": "kargo-viewer"},
    ]
    promotion = promoted(world, approval(approvers=rules))
    alice, bob = person(world, make_promoter, "alice"), person(world, make_viewer, "bob")

    respond(promotion, bob, APPROVE)
    world.settle()
    promotion.refresh_from_db()
    waiting = promotion.message
    respond(promotion, alice, APPROVE)
    world.settle()

    promotion.refresh_from_db()
    assert waiting == ("waiting: 1 of 1 approval; somebody with role kargo-promoter must approve")
    assert promotion.phase == "Succeeded"


def test_groups_are_a_claim(world: World) -> None:
    promotion = promoted(world, approval(approvers=[{"claim": "groups", "value": "leads"}]))
    bob = make_viewer(world.project, "bob")
    with pytest.raises(ForbiddenError):
        respond(promotion, actor_for(bob, address=""), APPROVE)

    bob.groups.add(Group.objects.create(name="leads"))
    respond(promotion, actor_for(bob, address=""), APPROVE)

    world.settle()
    promotion.refresh_from_db()
    assert promotion.phase == "Succeeded"


def test_what_has_ended_takes_no_answers(world: World) -> None:
    promotion = promoted(world, approval())
    bob = person(world, make_viewer, "bob")
    abort_promotion(
        Promotion.objects.select_related("project__tenant", "stage").get(pk=promotion.pk),
        actor=world.alice,
        reason="",
        now=now(),
    )

    with pytest.raises(ConflictError, match="does not wait any more"):
        respond(promotion, bob, APPROVE)
    with pytest.raises(NotFoundError):
        respond(promotion, bob, APPROVE, alias="other")


def test_a_step_that_timed_out_takes_no_answers(world: World) -> None:
    promotion = promoted(world, {**approval(), "retry": {"timeout": "1m"}})
    world.ahead = timedelta(minutes=2)
    world.hasten(promotion)

    with pytest.raises(ConflictError, match="does not wait any more"):
        respond(promotion, person(world, make_viewer, "bob"), APPROVE)
    promotion.refresh_from_db()
    assert "timed out" in promotion.message


def test_answers_outlive_a_lost_work_directory(world: World) -> None:
    promotion = promoted(world, step("compose-output", "first", a=1), approval(minApprovals=2))
    respond(promotion, person(world, make_viewer, "bob"), APPROVE)
    world.settle()
    (world.work_dir / f"promotion-{promotion.uid}").rmdir()

    world.hasten(promotion)
    respond(promotion, person(world, make_promoter, "alice"), APPROVE)
    world.settle()

    assert [it["user"] for it in output(promotion)["responses"]] == [
        "bob@example.com",
        "alice@example.com",
    ]
    assert promotion.phase == "Succeeded"


def test_each_promotion_is_asked_about_anew(world: World) -> None:
    first = promoted(world, approval())
    respond(first, person(world, make_viewer, "bob"), APPROVE)
    world.settle()
    second = world.promote(Stage.objects.get(name="test"), world.freight("b"))
    world.settle()

    second.refresh_from_db()
    assert second.phase == "Running"
    assert second.message == "waiting: 0 of 1 approval"


def test_an_answer_is_audited_and_wakes_and_tells_whoever_looks(world: World) -> None:
    promotion = promoted(world, approval(minApprovals=2))
    Work.objects.filter(uid=promotion.uid).update(due_at=None)
    before = Change.objects.filter(name=promotion.name).count()

    respond(promotion, person(world, make_viewer, "bob"), APPROVE, "fine")

    event = AuditEvent.objects.get(action="promotion.respond")
    assert (event.actor, event.reason) == ("email:bob@example.com", "fine")
    assert event.after == {"step": "approve", "action": "approve"}
    assert Work.objects.get(uid=promotion.uid).due_at is not None
    assert Change.objects.filter(name=promotion.name).count() == before + 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(SUBMIT, values={}), "asks to approve or reject, not to submit"),
        (Answer(APPROVE, message="x" * 2_001), "longer than 2000"),
        (Answer(APPROVE, message="\0"), "NUL"),
    ],
)
def test_an_answer_that_is_none_is_refused(world: World, answer: Answer, reason: str) -> None:
    promotion = promoted(world, approval())
    bob = person(world, make_viewer, "bob")

    with pytest.raises(InvalidError, match=reason):
        respond_to_promotion(promotion, "approve", answer, actor=bob, now=now())
    assert not PromotionResponse.objects.exists()


# ------------------------------------------------------------ get-user-input
def test_the_first_values_that_fit_are_put_out_and_kept(world: World) -> None:
    promotion = promoted(
        world,
        step("get-user-input", "ask", schema=FORM, display="Which?"),
        step("compose-output", "after", said="${{ outputs.ask.values.version }}"),
    )
    alice, bob = person(world, make_promoter, "alice"), person(world, make_viewer, "bob")

    with pytest.raises(InvalidError, match="version: Does not match pattern"):
        respond(promotion, bob, SUBMIT, alias="ask", values={"version": "1"})
    respond(promotion, bob, SUBMIT, alias="ask", values={"version": "v7"})
    with pytest.raises(ConflictError):
        respond(promotion, alice, SUBMIT, alias="ask", values={"version": "v8"})
    world.settle()

    ask = output(promotion, "ask")
    assert ask["values"] == {"version": "v7"}
    assert ask["respondedBy"] == "bob@example.com"
    assert output(promotion, "after") == {"said": "v7"}
    assert promotion.phase == "Succeeded"


def test_a_form_that_cannot_be_filled_in_fails_the_promotion(world: World) -> None:
    promotion = promoted(world, step("get-user-input", "ask", schema={"type": "string"}))

    assert promotion.phase == "Failed"
    assert "invalid get-user-input config: schema: " in promotion.message
    assert not PromotionPrompt.objects.exists()

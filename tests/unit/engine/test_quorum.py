"""How many approvals a promotion needs, whose, and until when they count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from promotions.engine.approvals import Action, Identity, Response
from promotions.engine.eligibility import Bars, Code
from promotions.engine.quorum import (
    Person,
    parse_approval_policy,
    policy_for,
    refusal_to_answer,
    standing,
    why_not_approved,
)

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
NOBODY = Person()
AS_ADMIN = ("", "", "kargo-admin")
TWO = parse_approval_policy({"minApprovals": 2, "expiresAfter": "1h"})
ADMINS = parse_approval_policy(
    {
        "approvers": [
            {"role": "kargo-admin"},
            {"claim": "groups", "value": "sre", "required": True},
        ]
    }
)


def said(user: str, action: Action = Action.APPROVE, *, minutes: int = 0) -> Response:
    return Response(user, user, action, NOON - timedelta(minutes=minutes))


def test_enough_distinct_people_are_needed() -> None:
    assert standing(TWO, [said("ann"), said("ann")], now=NOON).given == 1
    assert not standing(TWO, [said("ann")], now=NOON).is_met
    assert standing(TWO, [said("ann"), said("bob")], now=NOON).is_met


def test_approvals_run_out() -> None:
    responses = [said("ann", minutes=30), said("bob", minutes=60)]

    found = standing(TWO, responses, now=NOON)

    assert found.given == 1
    assert found.lapses_at == NOON + timedelta(minutes=30)
    assert standing(TWO, [*responses, said("bob")], now=NOON).is_met


def test_one_rejection_decides() -> None:
    found = standing(TWO, [said("ann"), said("bob"), said("eve", Action.REJECT)], now=NOON)

    assert (found.is_met, found.rejected_by) == (False, "eve")


def test_somebody_required_is_missed_until_they_approve() -> None:
    ann = replace(said("ann"), matched=frozenset({AS_ADMIN}))
    found = standing(ADMINS, [ann], now=NOON)
    why = why_not_approved(ADMINS, found)

    assert not found.is_met
    assert why is not None
    assert (why.code, why.bars) == (Code.APPROVALS_MISSING, Bars.START)
    assert why.message == "1 of 1 approvals"
    assert why.lifted_by == "role kargo-admin or groups sre; among them groups sre"


def test_an_approval_that_the_policy_no_longer_lets_somebody_give_does_not_count() -> None:
    ann = Response("email:ann", "1", Action.APPROVE, NOON)
    admin = replace(ann, matched=frozenset({AS_ADMIN}))
    anybody = parse_approval_policy({})

    assert standing(anybody, [ann], now=NOON).is_met
    assert standing(ADMINS, [ann], now=NOON).given == 0
    assert standing(ADMINS, [admin], now=NOON).given == 1
    assert standing(anybody, [ann], now=NOON, requester=Person("1")).given == 0
    assert standing(anybody, [ann], now=NOON, author=Person(name="email:ann")).given == 0


def test_one_person_with_two_accounts_counts_once() -> None:
    twice = [Response("ann@example.com", uid, Action.APPROVE, NOON) for uid in ("1", "2")]

    assert standing(TWO, twice, now=NOON).given == 1


def test_who_asked_and_who_made_the_freight_do_not_approve_it() -> None:
    ann, bob = Person("1", "email:ann"), Person("2", "email:bob")

    def refusal(person: Person, **people: Person) -> str:
        who = {"requester": NOBODY, "author": NOBODY, **people}
        return refusal_to_answer(TWO, person, Identity(), **who)

    assert refusal(ann, requester=ann).startswith("You asked for this promotion")
    assert refusal(ann, author=Person("1")).startswith("You put this Freight together")
    assert refusal(ann, requester=Person(name="email:ann")).startswith("You asked")
    assert refusal(bob, requester=ann, author=ann) == ""


def test_a_policy_may_let_them() -> None:
    lenient = parse_approval_policy({"allowRequester": True, "allowFreightCreator": True})
    ann = Person("1", "email:ann")

    assert refusal_to_answer(lenient, ann, Identity(), requester=ann, author=ann) == ""


def test_only_those_whom_the_policy_names_approve() -> None:
    bob = Person("2", "email:bob")

    def refusal(identity: Identity) -> str:
        return refusal_to_answer(ADMINS, bob, identity, requester=NOBODY, author=NOBODY)

    assert refusal(Identity()) == "Only these approve it: role kargo-admin or groups sre"
    assert refusal(Identity({"groups": ["sre"]})) == ""
    assert refusal(Identity(roles=frozenset({"kargo-admin"}))) == ""


def test_the_first_policy_about_a_stage_decides() -> None:
    policies = [
        parse_approval_policy({"stageSelector": {"name": "prod"}, "minApprovals": 3}),
        parse_approval_policy({"stageSelector": {"name": "glob:*"}}),
    ]

    prod, test = (policy_for(policies, stage=it, labels={}) for it in ("prod", "test"))

    assert (prod and prod.min_approvals, test and test.min_approvals) == (3, 1)
    assert policy_for(policies[:1], stage="test", labels={}) is None

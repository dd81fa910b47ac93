from datetime import UTC, datetime

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import (
    Action,
    Identity,
    Response,
    Rule,
    Verdict,
    matching,
    may_respond,
    rules_from,
    unmet,
    verdict,
)
from promotions.engine.questions import question_from

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
LEADS = Rule(claim="groups", value="leads", required=True)
MANAGER = Rule(role="release-manager")


def answer(user: str, action: Action = Action.APPROVE, *matched: Rule) -> Response:
    return Response(user, user, action, NOON, matched=frozenset(it.key for it in matched))


@pytest.mark.parametrize(
    ("claims", "roles", "found"),
    [
        ({"groups": ["devs", "leads"]}, (), [LEADS]),
        ({"groups": "leads"}, (), [LEADS]),
        ({"groups": "leadership"}, (), []),
        ({"groups": ["leads2"]}, (), []),
        ({"groups": {"leads": True}}, (), []),
        ({"groups": None}, (), []),
        ({}, ("release-manager",), [MANAGER]),
        ({"groups": ["leads"]}, ("release-manager", "x"), [LEADS, MANAGER]),
        ({"release-manager": ""}, (), []),
    ],
)
def test_a_rule_matches_a_claim_or_a_role(
    claims: dict[str, JSONValue], roles: tuple[str, ...], found: list[Rule]
) -> None:
    identity = Identity(claims, frozenset(roles))

    assert list(matching([LEADS, MANAGER], identity)) == found
    assert may_respond([LEADS, MANAGER], identity) is bool(found)


def test_without_rules_everybody_may_answer() -> None:
    assert may_respond([], Identity())


@pytest.mark.parametrize(
    ("responses", "minimum", "rules", "expected"),
    [
        ([], 1, [], Verdict.WAITING),
        ([answer("a")], 1, [], Verdict.APPROVED),
        ([answer("a")], 2, [], Verdict.WAITING),
        ([answer("a"), answer("a")], 2, [], Verdict.WAITING),
        ([answer("a"), answer("b")], 2, [], Verdict.APPROVED),
        ([answer("a"), answer("b")], 1, [LEADS], Verdict.WAITING),
        ([answer("a"), answer("b", Action.APPROVE, LEADS)], 1, [LEADS], Verdict.APPROVED),
        ([answer("b", Action.APPROVE, LEADS)], 2, [LEADS, MANAGER], Verdict.WAITING),
        ([answer("a"), answer("a", Action.REJECT)], 1, [], Verdict.REJECTED),
        ([answer("a", Action.REJECT)], 1, [LEADS], Verdict.REJECTED),
    ],
)
def test_distinct_people_and_required_rules_decide_and_one_rejection_does(
    responses: list[Response], minimum: int, rules: list[Rule], expected: Verdict
) -> None:
    assert verdict(responses, rules=rules, min_approvals=minimum) is expected


def test_a_required_rule_that_became_another_is_unmet_again() -> None:
    given = [answer("a", Action.APPROVE, LEADS)]
    other = Rule(claim="groups", value="owners", required=True)

    assert unmet(given, [LEADS, other]) == (other,)


def test_rules_are_read_from_a_configuration() -> None:
    document: JSONValue = [
        {"claim": "groups", "value": "leads", "required": True},
        {"role": "release-manager", "claim": "", "value": ""},
    ]

    assert rules_from(document) == (LEADS, MANAGER)
    assert rules_from(None) == ()
    assert [str(rule) for rule in rules_from(document)] == ["groups leads", "role release-manager"]


def test_a_question_is_to_approve_or_to_fill_in() -> None:
    config: JSONObject = {"minApprovals": 2, "approvers": [{"role": "release-manager"}]}
    approval = question_from("wait-for-approval", config)
    form = question_from("get-user-input", {"schema": {"type": "object"}, "display": "d"})

    assert (approval.min_approvals, approval.rules, approval.is_form) == (2, (MANAGER,), False)
    assert (form.schema, form.display, form.is_form) == ({"type": "object"}, "d", True)
    assert form.verdict([]) is Verdict.WAITING
    assert form.verdict([answer("a", Action.SUBMIT)]) is Verdict.APPROVED

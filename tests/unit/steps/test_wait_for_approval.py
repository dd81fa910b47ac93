from datetime import timedelta
from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.approvals import Action, Response
from promotions.engine.runner import StepError, StepStatus
from promotions.engine.schema import ConfigSchema
from promotions.steps.wait_for_approval import SCHEMA, WaitForApproval
from tests.fakes.step_stores import UNREACHABLE, FakeResponses
from tests.unit.steps.contexts import NOW, context

LEADS: JSONObject = {"claim": "groups", "value": "leads", "required": True}


def answer(
    user: str, action: Action = Action.APPROVE, message: str = "", *matched: str
) -> Response:
    keys = frozenset(("groups", group, "") for group in matched)
    return Response(user, user, action, NOW, message, keys)


def shown(user: str, action: str = "approve", **more: JSONValue) -> JSONObject:
    return {"user": user, "action": action, "time": "2026-01-02T03:04:05Z", **more}


def test_it_waits_and_says_for_whom(tmp_path: Path) -> None:
    responses = FakeResponses([answer("alice", Action.APPROVE, "fine")])
    config: JSONObject = {"minApprovals": 2, "approvers": [LEADS], "pollInterval": "1m"}

    result = WaitForApproval(responses).run(context(tmp_path, config))

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == timedelta(minutes=1)
    assert result.message == "waiting: 1 of 2 approvals; somebody with groups leads must approve"
    assert result.output == {"responses": [shown("alice", message="fine")]}
    assert responses.asked == [("wait-for-approval", {"minApprovals": 2, "approvers": [LEADS]})]


def test_enough_approvals_let_the_promotion_go_on(tmp_path: Path) -> None:
    responses = FakeResponses([answer("alice"), answer("bob", Action.APPROVE, "", "leads")])

    result = WaitForApproval(responses).run(
        context(tmp_path, {"minApprovals": 2, "approvers": [LEADS]})
    )

    assert result.status is StepStatus.SUCCEEDED
    assert result.message == "approved by alice, bob"
    assert result.output == {"responses": [shown("alice"), shown("bob")]}


def test_one_rejection_ends_it_and_the_responses_are_put_out(tmp_path: Path) -> None:
    responses = FakeResponses([answer("alice"), answer("bob", Action.REJECT, "not on Friday")])

    with pytest.raises(StepError) as caught:
        WaitForApproval(responses).run(context(tmp_path, {"minApprovals": 2}))

    assert caught.value.message == "rejected by bob: not on Friday"
    assert (caught.value.failed, caught.value.terminal) == (True, True)
    assert caught.value.output == {
        "responses": [shown("alice"), shown("bob", "reject", message="not on Friday")]
    }


def test_nobody_has_answered_yet(tmp_path: Path) -> None:
    result = WaitForApproval(FakeResponses()).run(context(tmp_path, {}))

    assert result.status is StepStatus.RUNNING
    assert result.retry_after == timedelta(seconds=30)
    assert result.output == {"responses": []}


def test_a_store_that_does_not_answer_may_be_asked_again(tmp_path: Path) -> None:
    step = WaitForApproval(FakeResponses(failure=UNREACHABLE))

    with pytest.raises(StepError, match="error looking for responses: no answer") as caught:
        step.run(context(tmp_path, {}))

    assert not caught.value.terminal
    assert step.would(context(tmp_path, {"minApprovals": 2})) == "wait for 2 approvals"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"approvers": []},
        {"approvers": [{"role": "lead"}]},
        {"approvers": [{"claim": "email", "value": "a@b"}, {"role": "lead", "required": True}]},
        {"approvers": [{"role": "lead", "claim": "", "value": ""}]},
        {"minApprovals": 2147483647, "pollInterval": "1h30m"},
    ],
)
def test_a_good_configuration_is_accepted(config: JSONObject) -> None:
    assert not ConfigSchema("wait-for-approval", SCHEMA).problems(config)


@pytest.mark.parametrize(
    "config",
    [
        {"approvers": [{}]},
        {"approvers": [{"claim": "groups"}]},
        {"approvers": [{"value": "leads"}]},
        {"approvers": [{"claim": "groups", "value": ""}]},
        {"approvers": [{"claim": "groups", "value": "leads", "role": "lead"}]},
        {"approvers": [{"role": "lead", "required": "yes"}]},
        {"approvers": [{"role": "lead", "more": 1}]},
        {"approvers": {"role": "lead"}},
        {"minApprovals": 0},
        {"minApprovals": 2147483648},
        {"minApprovals": 1.5},
        {"minApprovals": "1"},
        {"pollInterval": "soon"},
        {"more": 1},
    ],
)
def test_a_bad_configuration_is_refused(config: JSONObject) -> None:
    assert ConfigSchema("wait-for-approval", SCHEMA).problems(config)

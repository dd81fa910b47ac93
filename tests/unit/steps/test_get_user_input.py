from pathlib import Path

import pytest

from common.jsontypes import JSONObject
from promotions.engine.approvals import Action, Response
from promotions.engine.runner import StepError, StepStatus
from promotions.engine.schema import ConfigSchema
from promotions.steps.get_user_input import SCHEMA, GetUserInput
from tests.fakes.step_stores import UNREACHABLE, FakeResponses
from tests.unit.steps.contexts import NOW, context

FORM: JSONObject = {"type": "object", "properties": {"note": {"type": "string"}}}


def test_it_waits_for_the_first_answer(tmp_path: Path) -> None:
    responses = FakeResponses()
    config: JSONObject = {"schema": FORM, "display": "Say something"}

    result = GetUserInput(responses).run(context(tmp_path, config))

    assert (result.status, result.message) == (StepStatus.RUNNING, "waiting for input")
    assert responses.asked == [("get-user-input", config)]


def test_the_answer_is_put_out(tmp_path: Path) -> None:
    given = Response("alice", "1", Action.SUBMIT, NOW, values={"note": "hi"})

    result = GetUserInput(FakeResponses([given])).run(context(tmp_path, {"schema": FORM}))

    assert result.status is StepStatus.SUCCEEDED
    assert result.output == {
        "values": {"note": "hi"},
        "respondedBy": "alice",
        "respondedAt": "2026-01-02T03:04:05Z",
    }


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string"}, "must be of type: object"),
        ({}, "must be of type: object"),
        ({"type": "object", "properties": 1}, "properties: Invalid type"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "leads in a circle"),
    ],
)
def test_a_schema_that_cannot_be_used_fails_the_step_for_good(
    tmp_path: Path, schema: JSONObject, reason: str
) -> None:
    with pytest.raises(StepError, match=reason) as caught:
        GetUserInput(FakeResponses()).run(context(tmp_path, {"schema": schema}))

    assert caught.value.message.startswith("invalid get-user-input config: schema: ")
    assert (caught.value.failed, caught.value.terminal) == (True, True)


def test_a_store_that_does_not_answer_may_be_asked_again(tmp_path: Path) -> None:
    step = GetUserInput(FakeResponses(failure=UNREACHABLE))
    config: JSONObject = {"schema": FORM, "display": "Version?"}

    with pytest.raises(StepError, match="error looking for input: no answer") as caught:
        step.run(context(tmp_path, config))

    assert not caught.value.terminal
    assert step.would(context(tmp_path, config)) == "wait for input: Version?"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"schema": "x"},
        {"schema": FORM, "responders": [{"role": "lead", "required": True}]},
        {"schema": FORM, "display": 1},
        {"schema": FORM, "more": 1},
    ],
)
def test_a_bad_configuration_is_refused(config: JSONObject) -> None:
    assert ConfigSchema("get-user-input", SCHEMA).problems(config)

from pathlib import Path

import pytest

from common.jsontypes import JSONObject, JSONValue
from promotions.engine.runner import StepError
from promotions.engine.schema import ConfigSchema
from promotions.ports.audit import RecordedEvent
from promotions.steps.record_audit_event import SCHEMA, RecordAuditEvent
from tests.fakes.step_stores import UNREACHABLE, FakeAuditLog
from tests.unit.steps.contexts import context


def test_an_event_is_recorded_once_however_often_the_step_runs(tmp_path: Path) -> None:
    log = FakeAuditLog()
    config: JSONObject = {
        "message": "Released",
        "type": "deployed",
        "actor": "bob",
        "data": {"env": "prod"},
    }

    results = [RecordAuditEvent(log).run(context(tmp_path, config)) for _ in range(2)]

    assert list(log.events.values()) == [
        RecordedEvent("deployed", "Released", "bob", {"env": "prod"})
    ]
    assert [result.output for result in results] == [None, None]


def test_the_type_is_recorded_unless_told(tmp_path: Path) -> None:
    log = FakeAuditLog()

    RecordAuditEvent(log).run(context(tmp_path, {"message": "x"}))

    assert list(log.events.values()) == [RecordedEvent("recorded", "x")]


def test_a_log_that_does_not_answer_may_be_asked_again(tmp_path: Path) -> None:
    step = RecordAuditEvent(FakeAuditLog(failure=UNREACHABLE))

    with pytest.raises(StepError, match="error recording the event: no answer") as caught:
        step.run(context(tmp_path, {"message": "x"}))

    assert not caught.value.terminal
    assert step.would(context(tmp_path, {"message": "x"})) == "record an audit event: recorded"


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"message": ""},
        {"message": 1},
        {"message": "x" * 10_001},
        {"message": "x", "type": "x" * 65},
        {"message": "x", "data": {"a": 1}},
        {"message": "x", "data": []},
        {"message": "x", "more": 1},
    ],
)
def test_a_bad_configuration_is_refused(config: dict[str, JSONValue]) -> None:
    assert ConfigSchema("record-audit-event", SCHEMA).problems(config)

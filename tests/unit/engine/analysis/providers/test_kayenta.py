"""The provider ``kayenta``."""

import json
from datetime import timedelta

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.measurements import Measurement
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.phases import AnalysisPhase
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.kayenta import (
    lookup_request,
    read_lookup,
    read_score,
    read_start,
    score_request,
    start_request,
)
from tests.unit.engine.analysis.providers.asking import NOW, reply

CONFIGURATION: JSONObject = {
    "address": "https://kayenta.example.com",
    "application": "shop",
    "canaryConfigName": "wanted",
    "metricsAccountName": "metrics",
    "configurationAccountName": "configuration",
    "storageAccountName": "storage",
    "threshold": {"pass": 90, "marginal": 75},
    "scopes": [
        {
            "name": "default",
            "controlScope": {"scope": "stable", "region": "eu", "step": 60},
            "experimentScope": {"scope": "canary", "region": "eu", "step": 60},
        }
    ],
}
RUNNING = Measurement(AnalysisPhase.RUNNING, metadata={"canaryExecutionId": "c1"})


def asking(interval: str = "10m", **changes: JSONValue) -> Inquiry:
    metric = Metric(interval=interval, provider={"kayenta": {**CONFIGURATION, **changes}})
    return Inquiry(metric, NOW, run_started_at=NOW - timedelta(hours=1))


def test_configurations_are_looked_up_with_the_storage_account() -> None:
    assert lookup_request(asking()).url == (
        "https://kayenta.example.com/canaryConfig?application=shop&configurationAccountName=storage"
    )


def test_the_configuration_is_found_by_its_name() -> None:
    listed = reply([{"id": "1", "name": "other"}, {"id": "2", "name": "wanted"}])

    assert read_lookup(asking(), listed) == "2"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(500), "Invalid Response: HTTP 500"),
        (reply([{"id": "1", "name": "other"}]), "Canary config not found"),
        (reply(None), "Canary config not found"),
        (reply({"a": 1}), "json: cannot unmarshal object"),
        (Response(200, b"<html>"), "invalid character '<' looking for beginning of value"),
    ],
)
def test_a_configuration_that_is_not_found_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_lookup(asking(), response)

    assert str(raised.value).startswith(message)


def test_a_canary_is_started_over_the_last_interval() -> None:
    sent = start_request(asking(), "2")

    document = json.loads(sent.body)
    assert sent.url == (
        "https://kayenta.example.com/canary/2?application=shop&metricsAccountName=metrics"
        "&configurationAccountName=configuration&storageAccountName=storage"
    )
    assert document["thresholds"] == {"pass": 90, "marginal": 75}
    assert document["scopes"]["default"]["controlScope"] == {
        "scope": "stable",
        "region": "eu",
        "step": 60,
        "start": "2026-03-04T04:56:07Z",
        "end": "2026-03-04T05:06:07Z",
    }


def test_looking_back_starts_with_the_run() -> None:
    document = json.loads(start_request(asking(interval="", lookback=True), "2").body)

    assert document["scopes"]["default"]["experimentScope"]["start"] == "2026-03-04T04:06:07Z"


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (
            {"controlScope": {"start": "x"}},
            "controlScope.start and experimentScope.start must both",
        ),
        ({"experimentScope": {"end": "x"}}, "controlScope.end and experimentScope.end must both"),
        ({"controlScope": []}, "provider.kayenta.scopes[0].controlScope: must be an object"),
    ],
)
def test_contradictory_scopes_are_an_error(scope: JSONObject, message: str) -> None:
    with pytest.raises(PlatformError) as raised:
        start_request(asking(scopes=[scope]), "2")

    assert str(raised.value).startswith(message)


def test_without_an_interval_there_must_be_a_start() -> None:
    with pytest.raises(PlatformError, match='Invalid duration "": time: invalid duration ""'):
        start_request(asking(interval=""), "2")


def test_a_started_canary_runs_and_is_looked_at_in_fifteen_seconds() -> None:
    progress = read_start(asking(), reply({"canaryExecutionId": "c1"}))

    assert progress.phase is AnalysisPhase.RUNNING
    assert progress.metadata == {"canaryExecutionId": "c1"}
    assert progress.resume_at == NOW + timedelta(seconds=15)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(500), "Invalid Response"),
        (reply({"canaryExecutionId": ""}), "Invalid canaryExecutionId"),
        (reply({}), "Invalid canaryExecutionId"),
        (reply([]), "json: cannot unmarshal array into Go value of type map[string]interface {}"),
    ],
)
def test_a_canary_that_was_not_started_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_start(asking(), response)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("score", "phase", "text"),
    [
        (100, AnalysisPhase.SUCCESSFUL, "100"),
        (90, AnalysisPhase.SUCCESSFUL, "90"),
        (89.99, AnalysisPhase.INCONCLUSIVE, "89"),
        (75, AnalysisPhase.INCONCLUSIVE, "75"),
        (74.9, AnalysisPhase.FAILED, "74"),
        (-3.5, AnalysisPhase.FAILED, "-3"),
    ],
)
def test_the_truncated_score_is_the_verdict(score: float, phase: AnalysisPhase, text: str) -> None:
    result = {"judgeResult": {"score": {"score": score}}}

    progress = read_score(asking(), RUNNING, reply({"complete": True, "result": result}))

    assert (progress.phase, progress.text, progress.resume_at) == (phase, text, None)


def test_an_incomplete_canary_is_asked_again() -> None:
    progress = read_score(asking(), RUNNING, reply({"complete": False}))

    assert progress.phase is AnalysisPhase.RUNNING
    assert progress.resume_at == NOW + timedelta(seconds=15)
    assert progress.metadata == RUNNING.metadata
    assert score_request(asking(), RUNNING).url == "https://kayenta.example.com/canary/c1"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "Missing Complete Status"),
        ({"complete": "yes"}, ".complete accessor error: yes is of the type string, expected bool"),
        ({"complete": None}, ".complete accessor error: <nil> is of the type <nil>, expected bool"),
        ({"complete": True}, "Missing Score"),
        ({"complete": True, "result": None}, "Missing Score"),
        (
            {"complete": True, "result": {"judgeResult": [1]}},
            (
                ".result.judgeResult accessor error: [1] is of the type []interface {}, "
                "expected map[string]interface{}"
            ),
        ),
        (
            {"complete": True, "result": {"judgeResult": {"score": {"score": "9"}}}},
            (
                ".result.judgeResult.score.score accessor error: 9 is of the type string, "
                "expected float64"
            ),
        ),
    ],
)
def test_an_answer_without_a_verdict_is_an_error(document: JSONObject, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_score(asking(), RUNNING, reply(document))

    assert str(raised.value) == message

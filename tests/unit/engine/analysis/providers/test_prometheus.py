"""The provider ``prometheus``."""

import math
from urllib.parse import parse_qs

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import AwsSignature, BasicAuth, Response
from promotions.engine.analysis.providers.prometheus import (
    FALLBACK_ADDRESS,
    interpret,
    metadata,
    request,
    second_request,
)
from tests.unit.engine.analysis.providers.asking import inquiry, reply

ADDRESS = "http://prometheus:9090"
RANGE: JSONObject = {"start": 'now() - duration("1h")', "end": "now()", "step": "90s"}


def success(kind: str, result: JSONValue) -> Response:
    return reply({"status": "success", "data": {"resultType": kind, "result": result}})


def test_an_instant_query_asks_for_now() -> None:
    configuration: JSONObject = {"address": f"{ADDRESS}/prom/", "query": "up == 1", "timeout": 5}

    sent = request(inquiry("prometheus", configuration))

    assert (sent.method, sent.url) == ("POST", f"{ADDRESS}/prom/api/v1/query")
    assert parse_qs(sent.body) == {"query": ["up == 1"], "time": ["1772600767"]}
    assert (sent.timeout_seconds, sent.auth, sent.verify_tls) == (5, None, True)


def test_a_range_query_evaluates_its_ends() -> None:
    configuration: JSONObject = {"address": ADDRESS, "query": "up", "rangeQuery": RANGE}

    sent = request(inquiry("prometheus", configuration))

    assert sent.url == f"{ADDRESS}/api/v1/query_range"
    assert parse_qs(sent.body) == {
        "query": ["up"],
        "start": ["1772597167"],
        "end": ["1772600767"],
        "step": ["90"],
    }


def test_a_server_that_takes_no_post_is_asked_again() -> None:
    first = request(inquiry("prometheus", {"address": ADDRESS, "query": "up"}))

    second = second_request(first, Response(405))

    assert second is not None
    assert (second.method, second.body) == ("GET", "")
    assert second.url == f"{ADDRESS}/api/v1/query?{first.body}"
    assert second_request(first, Response(200)) is None
    assert second_request(second, Response(405)) is None


def test_the_address_may_come_from_the_environment() -> None:
    sent = request(inquiry("prometheus", {}, {FALLBACK_ADDRESS: ADDRESS}))

    assert sent.url == f"{ADDRESS}/api/v1/query"


def test_aws_signs_only_for_its_own_workspaces() -> None:
    authentication = {"sigv4": {"region": "eu-west-1"}}
    workspace = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1"

    elsewhere = request(
        inquiry("prometheus", {"address": ADDRESS, "authentication": authentication})
    )
    there = request(inquiry("prometheus", {"address": workspace, "authentication": authentication}))

    assert elsewhere.auth is None
    assert there.auth == AwsSignature(region="eu-west-1")


def test_a_password_goes_along() -> None:
    authentication = {"basicAuth": {"username": "alice", "password": "hush"}}

    sent = request(inquiry("prometheus", {"address": ADDRESS, "authentication": authentication}))

    assert sent.auth == BasicAuth("alice", "hush")


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"address": ""}, "prometheus address is not configured"),
        ({"address": "prometheus"}, "prometheus address is not is url format"),
        ({"timeout": -1}, "prometheus timeout should not be negative"),
        (
            {"rangeQuery": {**RANGE, "start": 'duration("??")'}},
            'failed to parse rangeQuery.start as time: time: invalid duration "??"',
        ),
        (
            {"rangeQuery": {**RANGE, "end": '"now"'}},
            "failed to parse rangeQuery.end as time: expected time.Time, but got string",
        ),
        (
            {"rangeQuery": {**RANGE, "step": "soon"}},
            'failed to parse rangeQuery.step as duration: time: invalid duration "soon"',
        ),
        ({"rangeQuery": []}, "provider.prometheus.rangeQuery: must be an object"),
    ],
)
def test_a_wrong_metric_is_an_error(configuration: JSONObject, message: str) -> None:
    with pytest.raises(PlatformError) as raised:
        request(inquiry("prometheus", {"address": ADDRESS, "query": "up", **configuration}))

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("kind", "data", "value", "text"),
    [
        ("scalar", [0, "10"], 10.0, "10"),
        ("scalar", [0, "-Inf"], -math.inf, "-Inf"),
        ("scalar", [0, "1e21"], 1e21, "1000000000000000000000"),
        ("scalar", [0, "1e-7"], 1e-7, "0.0000001"),
        ("vector", [], [], "[]"),
        ("vector", [{"metric": {}, "value": [0, "1"]}, {"value": [0, "0.5"]}], [1, 0.5], "[1,0.5]"),
        (
            "matrix",
            [{"values": [[0, "1"], [1, "2"]]}, {"values": [[0, "3"]]}],
            [1, 2, 3],
            "[1,2,3]",
        ),
        ("matrix", [], [], "[]"),
    ],
)
def test_samples_become_floats(kind: str, data: JSONValue, value: object, text: str) -> None:
    result = interpret(inquiry("prometheus"), success(kind, data))

    assert (result.value, result.text) == (value, text)


def test_warnings_are_kept_quoted() -> None:
    data: JSONObject = {"resultType": "scalar", "result": [0, "1"]}
    response = reply({"status": "success", "data": data, "warnings": ["slow", "partial"]})

    assert interpret(inquiry("prometheus"), response).metadata == {"warnings": '"slow", "partial"'}


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (success("string", [0, "x"]), "Prometheus metric type not supported"),
        (reply({"status": "success", "data": None}), "Prometheus metric type not supported"),
        (success("scalar", [0, 1]), "sample value must be a quoted string"),
        (success("scalar", [0, "ten"]), 'strconv.ParseFloat: parsing "ten": invalid syntax'),
        (success("vector", {}), "json: cannot unmarshal object into Go struct field"),
        (success("matrix", [{"values": [1]}]), "sample value must be a quoted string"),
        (
            reply({"status": "error", "errorType": "bad_data", "error": "parse error"}, status=400),
            "bad_data: parse error",
        ),
        (reply({"status": "success"}, status=422), "bad_response: inconsistent body"),
        (Response(401, b"no"), "client_error: client error: 401"),
        (Response(503, b"no"), "server_error: server error: 503"),
        (Response(302, b""), "bad_response: bad response code 302"),
        (Response(200, b"<html>"), "bad_response: invalid character '<' looking for beginning"),
        (reply([1]), "bad_response: json: cannot unmarshal array"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("prometheus"), response)

    assert str(raised.value).startswith(message)


def test_the_query_is_kept_with_the_metric() -> None:
    asked = metadata(Metric(provider={"prometheus": {"query": "up"}}))

    assert asked == {"ResolvedPrometheusQuery": "up"}
    assert metadata(Metric(provider={"prometheus": {}})) == {}

"""Every provider asks a real server on loopback, and understands what it answers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.redaction import noted_secrets, noting_secrets
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.tasks import Task, TaskKind
from promotions.ports.metrics import Order
from tests.fakes.metrics.certificates import loopback_certificate
from tests.fakes.metrics.providers import CANARY, ROLE, sources as all_sources
from tests.fakes.metrics.server import (
    Answer,
    MetricServer,
    answer_json,
    metric_server,
)
from tests.functional.analysis.measuring import AWS, NOON, gateway, measure, server, told

__all__ = ["server"]


def test_web(server: MetricServer) -> None:
    server.rule = lambda _: answer_json({"data": {"rate": 0.97}})
    provider = {
        "url": f"{server.url}/x?a=b",
        "headers": [{"key": "X-Team", "value": "a"}],
        "jsonPath": "{$.data.rate}",
    }

    assert told(measure({"web": provider}, success="result > 0.9")) == ("Successful", "0.97", "")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.query) == ("GET", "/x", {"a": ["b"]})
    assert asked.headers["x-team"] == "a"


def test_web_with_a_body(server: MetricServer) -> None:
    server.rule = lambda asked: answer_json({"echo": asked.json["n"]})
    provider = {"url": server.url, "method": "POST", "jsonBody": {"n": 5}, "jsonPath": "{$.echo}"}

    assert told(measure({"web": provider}, success="result == 5")) == ("Successful", "5", "")


def test_web_with_a_token_of_its_own(server: MetricServer) -> None:
    oauth2 = {
        "tokenUrl": f"{server.url}/token",
        "clientId": "me",
        "clientSecret": "client-secret",
        "scopes": ["metrics"],
    }
    provider = {
        "url": f"{server.url}/protected",
        "authentication": {"oauth2": oauth2},
        "jsonPath": "{$.value}",
    }

    with noting_secrets():
        assert told(measure({"web": provider}, success="result == 7")) == ("Successful", "7", "")
        assert {"client-secret", "fresh-token"} <= noted_secrets()


def test_web_without_a_token_says_why(server: MetricServer) -> None:
    server.rule = lambda _: answer_json({"error": "invalid_client"}, 401)
    oauth2 = {"tokenUrl": f"{server.url}/token", "clientId": "a", "clientSecret": "b"}

    found = measure({"web": {"url": server.url, "authentication": {"oauth2": oauth2}}})

    assert found.phase == "Error"
    assert found.message.startswith("oauth2: cannot fetch token: 401 Unauthorized")


def test_prometheus(server: MetricServer) -> None:
    provider = {"prometheus": {"address": f"{server.url}/prometheus", "query": "up"}}

    found = measure(provider, success="len(result) == 2")

    assert told(found) == ("Successful", "[10,11]", "")
    assert server.paths == ["POST /prometheus/api/v1/query"]


def test_prometheus_over_a_range(server: MetricServer) -> None:
    span = {"start": 'now() - duration("1h")', "end": "now()", "step": "1m"}
    address = f"{server.url}/prometheus"
    provider = {"prometheus": {"address": address, "query": "up", "rangeQuery": span}}

    assert told(measure(provider, success="all(result, # > 10)")) == (
        "Successful",
        "[11,12]",
        "",
    )


def test_a_prometheus_that_takes_no_post_is_asked_again(server: MetricServer) -> None:
    def rule(asked: Any) -> Answer:
        if asked.method == "POST":
            return Answer(b"", 405)
        data = {"resultType": "scalar", "result": [1, "10"]}
        return answer_json({"status": "success", "data": data})

    server.rule = rule

    found = measure({"prometheus": {"address": server.url, "query": "up"}})

    assert told(found) == ("Successful", "10", "")
    assert [it.method for it in server.asked] == ["POST", "GET"]
    assert server.asked[1].query["query"] == ["up"]


def test_prometheus_with_a_password(server: MetricServer) -> None:
    auth = {"basicAuth": {"username": "u", "password": "p"}}
    address = f"{server.url}/prometheus"

    measure({"prometheus": {"address": address, "query": "up", "authentication": auth}})

    assert server.asked[0].headers["authorization"] == "Basic dTpw"


def test_prometheus_of_amazon_is_asked_with_a_signature(server: MetricServer) -> None:
    address = f"{server.url}/prometheus/aps-workspaces/ws-1"
    auth = {"sigv4": {"region": "eu-west-1"}}
    provider = {"address": address, "query": "up", "authentication": auth}

    found = measure({"prometheus": provider}, credentials=AWS)

    assert told(found) == ("Successful", "[10,11]", "")
    signed = server.asked[0].headers["authorization"]
    assert "/eu-west-1/aps/aws4_request" in signed


@pytest.mark.parametrize(("role", "phase"), [(ROLE, "Successful"), (f"{ROLE}-other", "Error")])
def test_prometheus_of_amazon_is_asked_in_the_role_that_the_metric_names(
    server: MetricServer, role: str, phase: str
) -> None:
    auth = {"sigv4": {"region": "eu-west-1", "roleArn": role}}
    address = f"{server.url}/prometheus/aps-workspaces/ws-1"
    keys = {**AWS, "sts-endpoint": f"{server.url}/sts"}

    with noting_secrets():
        found = measure(
            {"prometheus": {"address": address, "query": "up", "authentication": auth}},
            credentials=keys,
        )
        noted = noted_secrets()

    assert found.phase == phase
    if phase == "Error":
        assert found.message.endswith("403, not authorized to perform: sts:AssumeRole")
        return
    asked_role, asked = server.asked
    assert "/eu-west-1/sts/aws4_request" in asked_role.headers["authorization"]
    assert "Credential=ASIAROLE/" in asked.headers["authorization"]
    assert asked.headers["x-amz-security-token"] == "role-token"
    assert {"role-key", "role-token"} <= noted


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        ({"query": "avg:x"}, "0.006121374442"),
        ({"apiVersion": "v2", "query": "avg:x"}, "0.087"),
    ],
)
def test_datadog(server: MetricServer, fields: dict[str, Any], value: str) -> None:
    keys = {"api-key": "dd-secret-key", "app-key": "b", "address": f"{server.url}/datadog"}

    found = measure({"datadog": fields}, success="result < 0.1", credentials=keys)

    assert told(found) == ("Successful", value, "")
    assert found.metadata["requestOutcome"] == "success"


def test_datadog_that_cannot_be_reached_says_so_in_its_metadata() -> None:
    keys = {"api-key": "a", "app-key": "b", "address": "http://127.0.0.1:1"}

    found = measure({"datadog": {"query": "x"}}, credentials=keys)

    assert found.phase == "Error"
    assert found.message.startswith("Datadog API request failed before receiving")
    assert found.metadata["requestOutcome"] == "transport_error"


def test_new_relic(server: MetricServer) -> None:
    keys = {
        "personal-api-key": "nr-secret-key",
        "account-id": "42",
        "base-url-nerdgraph": f"{server.url}/newrelic",
    }

    found = measure(
        {"newRelic": {"query": "SELECT 1"}}, success="result.duration < 1", credentials=keys
    )

    assert told(found) == ("Successful", '{"duration":0.5}', "")


def test_graphite(server: MetricServer) -> None:
    provider = {"graphite": {"address": f"{server.url}/graphite", "query": "target=a.b"}}

    assert told(measure(provider, success="result[0] == 10")) == (
        "Successful",
        "[10.000000]",
        "",
    )


def test_influxdb(server: MetricServer) -> None:
    keys = {"address": f"{server.url}/influxdb", "org": "team", "authToken": "influx-token"}

    found = measure(
        {"influxdb": {"query": "from(bucket: x)"}}, success="result[1] > 6", credentials=keys
    )

    assert told(found) == ("Successful", "[1 6.6]", "")


def test_cloudwatch(server: MetricServer) -> None:
    keys = {**AWS, "endpoint": f"{server.url}/cloudwatch"}
    query = {"id": "rate", "expression": "a/b"}

    found = measure(
        {"cloudWatch": {"metricDataQueries": [query]}},
        success="result[0].Values[0] < 0.5",
        credentials=keys,
    )

    assert told(found) == ("Successful", "[[0.1 0.2]]", "")
    first, second = server.asked
    assert first.json["MetricDataQueries"] == [{"Id": "rate", "Expression": "a/b"}]
    assert first.json["EndTime"] - first.json["StartTime"] == 300
    assert second.json["NextToken"] == "2"


def test_cloudwatch_that_refuses(server: MetricServer) -> None:
    keys = {**AWS, "access-key-id": "OTHER", "endpoint": f"{server.url}/cloudwatch"}

    found = measure({"cloudWatch": {"metricDataQueries": []}}, credentials=keys)

    assert found.message == (
        "operation error CloudWatch: GetMetricData, StatusCode: 400, "
        "api error UnrecognizedClientException, bad token"
    )


def test_skywalking(server: MetricServer) -> None:
    provider = {"address": f"{server.url}/skywalking", "query": "query q {}", "interval": "3m"}

    found = measure(
        {"skywalking": provider}, success="result.getLinearIntValues.values[0].value == 3"
    )

    assert found.phase == "Successful"


def test_kayenta_is_started_and_looked_up_later(server: MetricServer) -> None:
    scope = {"scope": "app", "region": "r", "step": 60}
    provider: Any = {
        "kayenta": {
            "address": f"{server.url}/kayenta",
            "application": "app",
            "canaryConfigName": "canary",
            "threshold": {"pass": 90, "marginal": 75},
            "scopes": [{"name": "default", "controlScope": scope, "experimentScope": scope}],
        }
    }
    metric = Metric("m", interval="5m", provider=provider)
    order = Order(Task(metric, TaskKind.MEASURE), NOON, {}, NOON)

    begun = gateway().measure(order).measurement
    resumed = replace(order, task=Task(metric, TaskKind.RESUME, begun))
    ended = gateway().measure(resumed).measurement

    assert (begun.phase, begun.metadata) == ("Running", {"canaryExecutionId": CANARY})
    assert begun.resume_at is not None
    assert told(ended) == ("Successful", "95", "")


def test_wavefront(tmp_path: Path) -> None:
    context, certificate = loopback_certificate(tmp_path)
    with metric_server(all_sources, tls=context) as server:
        address = server.url.removeprefix("https://")
        provider = {"wavefront": {"address": address, "query": "ts(x)"}}

        found = measure(
            provider,
            success="result > 6",
            credentials={address: "wavefront-token"},
            source=gateway(ca_certificates=certificate),
        )

    assert told(found) == ("Successful", "6.10", "")
    assert found.metadata["drift"] == "0"

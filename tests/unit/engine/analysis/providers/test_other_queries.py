"""The providers ``cloudWatch`` and ``skywalking``, and the catalogue of all."""

import json
from datetime import timedelta

import pytest

from common.errors import InvalidError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.metrics import PROVIDERS, Metric
from promotions.engine.analysis.providers import cloudwatch, skywalking
from promotions.engine.analysis.providers.catalogue import KINDS, QUERIES
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.expressions.values import Record
from tests.unit.engine.analysis.providers.asking import NOW, inquiry, reply

STATISTIC: JSONObject = {
    "metric": {
        "namespace": "AWS/ELB",
        "metricName": "Latency",
        "dimensions": [{"name": "zone", "value": "a"}],
    },
    "period": "300",
    "stat": "p99",
    "unit": "Seconds",
}


def test_cloudwatch_is_asked_over_the_interval() -> None:
    five_minutes = cloudwatch.request(inquiry("cloudWatch"))
    an_hour = cloudwatch.request(inquiry("cloudWatch", {"interval": "1h"}))

    assert (five_minutes.start, five_minutes.end) == (NOW - timedelta(minutes=5), NOW)
    assert an_hour.start == NOW - timedelta(hours=1)
    with pytest.raises(InvalidError, match='time: invalid duration "soon"'):
        cloudwatch.request(inquiry("cloudWatch", {"interval": "soon"}))


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({"id": "a", "expression": "b / c"}, {"Id": "a", "Expression": "b / c"}),
        (
            {"id": "a", "label": "", "period": "x", "returnData": False},
            {"Id": "a", "Label": "", "Period": 0, "ReturnData": False},
        ),
        (
            {"id": "a", "metricStat": STATISTIC},
            {
                "Id": "a",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/ELB",
                        "MetricName": "Latency",
                        "Dimensions": [{"Name": "zone", "Value": "a"}],
                    },
                    "Period": 300,
                    "Stat": "p99",
                    "Unit": "Seconds",
                },
            },
        ),
        (
            {"metricStat": {}},
            {"Id": "", "MetricStat": {"Metric": {"MetricName": ""}, "Period": 0, "Stat": ""}},
        ),
    ],
)
def test_cloudwatch_queries_are_written_in_awss_names(query: JSONObject, asked: JSONObject) -> None:
    request = cloudwatch.request(inquiry("cloudWatch", {"metricDataQueries": [query]}))

    assert request.queries == (asked,)


def test_cloudwatch_results_are_objects_and_their_values_the_text() -> None:
    result = cloudwatch.interpret(
        {
            "MetricDataResults": [{"Id": "a", "Values": [0.1, 1000000]}, {"Id": "b"}],
            "Messages": [{"Code": "Slow", "Value": "later"}],
        }
    )

    assert isinstance(result.value, list)
    assert isinstance(result.value[0], Record)
    assert result.value[0].fields["Values"] == [0.1, 1e6]
    assert result.text == "[[0.1 1e+06] []]"
    assert result.metadata == {"messages": "[{Code:Slow Value:later}]"}
    assert cloudwatch.interpret(None).text == "[]"


@pytest.mark.parametrize(
    "output", [[], 1, {"MetricDataResults": {}}, {"MetricDataResults": [{"Values": ["x"]}]}]
)
def test_another_output_is_an_error(output: JSONValue) -> None:
    with pytest.raises(ResponseError, match="json: cannot unmarshal"):
        cloudwatch.interpret(output)


def test_skywalking_is_asked_over_whole_minutes() -> None:
    configuration = {"address": "http://sw:12800", "query": "query q", "interval": "5m"}

    sent = skywalking.request(inquiry("skywalking", configuration))

    assert sent.url == "http://sw:12800/graphql"
    assert json.loads(sent.body)["variables"]["duration"] == {
        "start": "2026-03-04 0501",
        "end": "2026-03-04 0506",
        "step": "MINUTE",
    }


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"address": "http://sw"}, 'time: invalid duration ""'),
        ({"address": "sw", "interval": "5m"}, "unsupported protocol scheme"),
    ],
)
def test_a_wrong_metric_of_skywalking_is_an_error(configuration: JSONObject, message: str) -> None:
    with pytest.raises(InvalidError) as raised:
        skywalking.request(inquiry("skywalking", configuration))

    assert message in str(raised.value)


def test_skywalkings_data_are_the_result() -> None:
    result = skywalking.interpret(inquiry("skywalking"), reply({"data": {"b": 1, "a": [2]}}))

    assert (result.value, result.text) == ({"a": [2.0], "b": 1.0}, '{"a":[2],"b":1}')


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (reply({"data": None}), "no results returned from SkyWalking query"),
        (reply({}), "no results returned from SkyWalking query"),
        (reply({"errors": [{"message": "no such field"}]}), "no such field"),
        (reply({"errors": {}}), "json: cannot unmarshal object"),
        (Response(502, b"bad gateway"), "received non 2xx response code: 502 bad gateway"),
    ],
)
def test_an_answer_of_skywalking_that_cannot_be_used_is_an_error(
    response: Response, message: str
) -> None:
    with pytest.raises(ResponseError) as raised:
        skywalking.interpret(inquiry("skywalking"), response)

    assert str(raised.value).startswith(message)


def test_every_kind_of_provider_but_plugins_is_in_the_catalogue() -> None:
    assert {*KINDS, "plugin"} == PROVIDERS


def test_the_catalogue_knows_which_secret_a_metric_needs() -> None:
    needed = {kind: query.secret_name(Metric()) for kind, query in QUERIES.items()}

    assert {kind: name for kind, name in needed.items() if name} == {
        "influxdb": "influxdb",
        "newRelic": "newrelic",
        "wavefront": "wavefront-api-tokens",
    }


def test_wrong_configurations_are_our_error() -> None:
    wrong: list[JSONValue] = [[1], "x", 5, {"address": 5, "url": []}, {"headers": "x"}]
    for kind, query in QUERIES.items():
        for configuration in wrong:
            with pytest.raises(InvalidError):
                query.request(inquiry(kind, configuration))


def test_an_empty_metric_cannot_be_asked() -> None:
    for kind in sorted(QUERIES):
        with pytest.raises((ConfigurationError, InvalidError)):
            QUERIES[kind].request(inquiry(kind))

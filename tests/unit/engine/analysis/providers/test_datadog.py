"""The provider ``datadog``."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject, JSONValue
from promotions.engine.analysis.providers.datadog import check, interpret, request, unanswered
from promotions.engine.analysis.providers.datadog_columns import (
    MOST_GROUPS,
    Column,
    Group,
    extract_values,
    groups_metadata,
)
from promotions.engine.analysis.providers.datadog_credentials import (
    EnvironmentPlace,
    SecretPlace,
    first_complete,
    from_environment,
    places,
)
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.wire import Reader
from tests.unit.engine.analysis.providers.asking import NOW, inquiry, reply

KEYS = {"api-key": "key", "app-key": "application"}
V1: JSONObject = {"apiVersion": "v1", "query": "avg:cpu{*}"}
V2: JSONObject = {"apiVersion": "v2", "query": "avg:cpu{*}"}


def columns(*these: JSONValue) -> Response:
    return reply({"data": {"attributes": {"columns": these}}})


def test_version_1_asks_for_an_interval_in_seconds() -> None:
    sent = request(inquiry("datadog", {**V1, "interval": "10m"}, KEYS))

    end = int(NOW.timestamp())
    url = urlsplit(sent.url)
    assert (sent.method, url.netloc, url.path) == ("GET", "api.datadoghq.com", "/api/v1/query")
    assert parse_qs(url.query) == {
        "query": ["avg:cpu{*}"],
        "from": [str(end - 600)],
        "to": [str(end)],
    }
    assert sent.headers["DD-API-KEY"] == "key"
    assert sent.timeout_seconds == 10


def test_version_2_asks_for_queries_in_milliseconds() -> None:
    queries = {"b": "two", "a": "one"}
    configuration: JSONObject = {
        "apiVersion": "v2",
        "queries": queries,
        "formula": "a/b",
        "requestTimeout": "3s",
    }

    sent = request(inquiry("datadog", configuration, {**KEYS, "address": "https://dd.eu"}))

    attributes = json.loads(sent.body)["data"]["attributes"]
    assert sent.url == "https://dd.eu/api/v2/query/scalar"
    assert sent.timeout_seconds == 3
    assert attributes["to"] - attributes["from"] == 300_000
    assert attributes["formulas"] == [{"formula": "a/b"}]
    assert [(it["name"], it["query"], it["aggregator"]) for it in attributes["queries"]] == [
        ("a", "one", "last"),
        ("b", "two", "last"),
    ]


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({}, "Must have either a query or queries"),
        ({"query": "q", "queries": {"a": "b"}}, "Cannot have both a query and queries"),
        ({"queries": {"a": "b"}}, "Query is empty. API Version v1 only supports"),
        ({"query": "q", "formula": "a"}, "Formula are only valid when queries are set"),
        (
            {"apiVersion": "v2", "queries": {"a": "b", "c": "d"}},
            "When multiple queries are provided you must include a formula.",
        ),
        ({"query": "q", "aggregator": "sum"}, "Aggregator is not supported in v1."),
        ({"query": "q", "requestTimeout": "1 s"}, "Could not parse the request timeout: time:"),
        ({"query": "q", "requestTimeout": "-1s"}, "Request timeout must be a positive duration"),
        ({"query": "q", "queries": {"a": 5}}, "provider.datadog.queries.a: must be a string"),
    ],
)
def test_a_contradictory_metric_is_an_error(configuration: JSONObject, message: str) -> None:
    with pytest.raises(PlatformError) as raised:
        check(Reader(configuration, "provider.datadog"))

    assert str(raised.value).startswith(message)


def test_a_wrong_address_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match='parse "://wrong": missing protocol scheme'):
        request(inquiry("datadog", V1, {**KEYS, "address": "://wrong"}))


def test_incomplete_keys_are_an_error() -> None:
    with pytest.raises(ConfigurationError, match="API or App token not found"):
        request(inquiry("datadog", V1, {"api-key": "key"}))


@pytest.mark.parametrize(
    ("series", "value", "text"),
    [
        ([{"pointlist": [[1, 0.5], [2, 1e-7]]}, {"pointlist": [[1, 9]]}], 1e-7, "0.0000001"),
        ([{"pointlist": [[1, None]]}], 0.0, "0"),
        ([], None, "[]"),
        (None, None, "null"),
        ([{}], None, '[{"pointlist":null}]'),
        (
            [{"pointlist": []}, {"pointlist": [[1, 2]]}],
            None,
            '[{"pointlist":[]},{"pointlist":[[1,2]]}]',
        ),
    ],
)
def test_version_1_takes_the_last_point_of_the_first_series(
    series: JSONValue, value: object, text: str
) -> None:
    result = interpret(inquiry("datadog", V1), reply({"series": series}))

    assert (result.value, result.text) == (value, text)


@pytest.mark.parametrize(
    ("response", "value", "text"),
    [
        (columns({"values": [0.25, 2]}), 0.25, "0.25"),
        (
            columns({"type": "number", "values": [None, 3]}, {"type": "number", "values": [9]}),
            3,
            "3",
        ),
        (columns({"type": "number", "values": []}), None, "[]"),
        (columns(), None, "[]"),
        (reply({}), None, "[]"),
        (columns({"type": "group", "values": [["a"]]}), None, "[]"),
        (
            columns(
                {"type": "group", "values": [["a"], ["b"]]}, {"type": "number", "values": [1, 2]}
            ),
            (1, 2),
            "[1,2]",
        ),
    ],
)
def test_version_2_takes_the_first_column_of_numbers(
    response: Response, value: object, text: str
) -> None:
    result = interpret(inquiry("datadog", V2), response)

    assert (result.value, result.text) == (value, text)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(403, b"no"), "received authentication error response code: 403 no"),
        (Response(201, b"{}"), "received non 2xx response code: 201 {}"),
        (Response(200, b"<"), "Could not parse JSON body: invalid character '<' looking for"),
        (
            reply({"series": "x"}),
            (
                "Could not parse JSON body: json: cannot unmarshal string into Go struct field "
                "datadogResponseV1.Series of type []struct { Pointlist [][]float64 "
            ),
        ),
        (reply({"series": [{"pointlist": [["x", 1]]}]}), "Could not parse JSON body"),
        (reply({"series": [{"pointlist": [[1]]}]}), "Datapoint does not have 2 values"),
    ],
)
def test_an_answer_of_version_1_that_cannot_be_used_is_an_error(
    response: Response, message: str
) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("datadog", V1), response)

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(429, b"slow"), "received non 2xx response code: 429 slow"),
        (reply({"data": {"errors": "bad"}}), "There were errors in your query: bad"),
        (reply({"data": []}), "Could not parse JSON body"),
        (
            columns({"values": "x"}),
            (
                "Could not parse JSON body: json: cannot unmarshal string into Go struct field "
                "datadogV2Column.Data.Attributes.Columns.values of type []json.RawMessage"
            ),
        ),
        (
            columns({"name": "q", "values": ["x"]}),
            r'could not parse numeric value "\"x\"" in column "q": json: cannot unmarshal string',
        ),
        (
            columns({"values": [1]}, {"type": "group", "values": [[1]]}),
            "could not parse group label at index 0",
        ),
        (
            columns({"values": [1, 2]}, {"type": "group", "values": [["a"]]}),
            "could not parse group label at index 1",
        ),
        (
            columns({"values": [1]}, {"type": "group", "values": [[]]}),
            "could not parse group label at index 0",
        ),
    ],
)
def test_an_answer_of_version_2_that_cannot_be_used_is_an_error(
    response: Response, message: str
) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("datadog", V2), response)

    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "response_error"), (429, "http_error"), (401, "http_error")]
)
def test_an_error_says_what_was_received(status: int, outcome: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("datadog", V1), Response(status, b"<"))

    assert raised.value.metadata == {
        "httpStatusCode": str(status),
        "responseReceived": "true",
        "requestOutcome": outcome,
    }


def test_a_request_without_an_answer_says_how_it_failed() -> None:
    late = unanswered(inquiry("datadog", V2), "deadline", is_timeout=True)
    refused = unanswered(inquiry("datadog", V2), "refused", is_timeout=False)

    assert str(late) == (
        "Datadog API request timed out after 10s before receiving an HTTP response: deadline"
    )
    assert late.metadata["requestOutcome"] == "timeout"
    assert refused.metadata == {"requestOutcome": "transport_error", "responseReceived": "false"}


def test_the_tags_of_a_row_are_joined_over_all_columns() -> None:
    found = extract_values(
        [
            Column("region", "group", [["eu"], ["us"]]),
            Column("cpu", "number", [None, 4]),
            Column("host", "group", [["a"], ["b", "c"]]),
        ]
    )

    assert found.groups == (Group("us,b,c", 4.0),)
    assert found.is_grouped


def test_of_too_many_groups_the_extremes_are_kept() -> None:
    groups = [Group(str(number), number) for number in range(MOST_GROUPS + 1)]

    everything, extremes = groups_metadata(groups[1:]), groups_metadata(groups)

    assert "groups_truncated" not in everything
    assert extremes["groups_truncated"] == "true"
    kept = [group["name"] for group in json.loads(extremes["groups"])]
    assert len(kept) == MOST_GROUPS
    assert {"0", "100"} <= set(kept)
    assert "50" not in kept


def test_a_named_secret_is_the_only_place_to_look() -> None:
    named: JSONObject = {"secretRef": {"name": "keys", "namespaced": True}}

    assert places(Reader(named)) == (SecretPlace("keys", is_in_project=True),)
    assert places(Reader({})) == (EnvironmentPlace(), SecretPlace("datadog", is_in_project=False))
    with pytest.raises(ConfigurationError, match="secret name is required for namespaced"):
        places(Reader({"secretRef": {"namespaced": True}}))


def test_the_environment_counts_only_if_it_is_complete() -> None:
    variables = {"DD_API_KEY": "a", "DD_APP_KEY": "b"}

    assert from_environment(variables) == {}
    assert from_environment({**variables, "DD_ADDRESS": ""}) == {
        "api-key": "a",
        "app-key": "b",
        "address": "",
    }


def test_the_first_complete_credentials_are_taken() -> None:
    assert first_complete([{}, {"api-key": "a"}, KEYS]) == KEYS
    with pytest.raises(ConfigurationError, match="failed to find the credentials"):
        first_complete([{}])

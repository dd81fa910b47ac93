"""The provider ``newRelic``."""

import json

import pytest

from common.jsontypes import JSONValue
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.newrelic import (
    interpret,
    metadata,
    request,
    secret_name,
    timeout_seconds,
)
from tests.unit.engine.analysis.providers.asking import inquiry, reply

ACCOUNT = {"personal-api-key": "NRAK", "account-id": "12345"}


def rows(*these: JSONValue) -> Response:
    return reply({"data": {"actor": {"account": {"nrql": {"results": these}}}}})


def test_the_query_is_put_to_nerdgraph() -> None:
    sent = request(inquiry("newRelic", {"query": "SELECT 1", "timeout": 7}, ACCOUNT))

    assert (sent.method, sent.url) == ("POST", "https://api.newrelic.com/graphql")
    assert sent.headers["Api-Key"] == "NRAK"
    assert json.loads(sent.body)["variables"] == {
        "accountId": 12345,
        "query": "SELECT 1",
        "timeout": 7,
    }


@pytest.mark.parametrize(
    ("extra", "url"),
    [
        ({"region": "EU"}, "https://api.eu.newrelic.com/graphql"),
        ({"region": "mars"}, "https://api.newrelic.com/graphql"),
        ({"base-url-nerdgraph": "https://proxy/graphql"}, "https://proxy/graphql"),
    ],
)
def test_the_secret_says_where_nerdgraph_is(extra: dict[str, str], url: str) -> None:
    assert request(inquiry("newRelic", {}, {**ACCOUNT, **extra})).url == url


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"account-id": ""}, "account ID or personal API key not found"),
        ({"personal-api-key": ""}, "account ID or personal API key not found"),
        ({"account-id": "abc"}, 'could not parse account ID: strconv.Atoi: parsing "abc"'),
    ],
)
def test_a_wrong_secret_is_an_error(change: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        request(inquiry("newRelic", {}, {**ACCOUNT, **change}))

    assert str(raised.value).startswith(message)


def test_the_query_may_take_five_seconds_unless_the_metric_says_otherwise() -> None:
    def metric(timeout: JSONValue) -> Metric:
        return Metric(provider={"newRelic": {"timeout": timeout}})

    assert timeout_seconds(metric(None)) == 5
    assert timeout_seconds(metric(0)) == 0
    with pytest.raises(ConfigurationError, match="should not be negative"):
        timeout_seconds(metric(-1))


def test_one_row_is_a_map_and_several_are_a_list() -> None:
    one = interpret(inquiry("newRelic"), rows({"count": 10}))
    two = interpret(inquiry("newRelic"), rows({"count": 1}, {}))

    assert (one.value, one.text) == ({"count": 10.0}, '{"count":10}')
    assert (two.value, two.text) == ([{"count": 1.0}, {}], '[{"count":1},{}]')


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (rows(), "no results returned from NRQL query"),
        (rows({}), "no results returned from NRQL query"),
        (rows(None), "no results returned from NRQL query"),
        (reply({"data": None}), "no results returned from NRQL query"),
        (rows(1), "json: cannot unmarshal number"),
        (reply({"errors": [{"message": "one"}, {"message": "two"}]}), "one, two"),
        (Response(500, b"no"), "received non 2xx response code: 500 no"),
        (Response(200, b""), "unexpected end of JSON input"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("newRelic"), response)

    assert str(raised.value).startswith(message)


def test_the_profile_names_the_secret_and_the_query_is_kept() -> None:
    metric = Metric(provider={"newRelic": {"profile": "mine", "query": "SELECT 1"}})

    assert secret_name(metric) == "mine"
    assert secret_name(Metric()) == "newrelic"
    assert metadata(metric) == {"ResolvedNewRelicQuery": "SELECT 1"}

"""The provider ``graphite``."""

import math

import pytest

from common.jsontypes import JSONValue
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.graphite import Point, interpret, read_points, request
from tests.unit.engine.analysis.providers.asking import inquiry, reply


def points(*these: JSONValue) -> Response:
    return reply([{"target": "t", "datapoints": these}])


@pytest.mark.parametrize(
    ("address", "query", "url"),
    [
        ("http://g", "target=a.*.b&from=-2min", "http://g/render?format=json&from=-2min&target=a.%2A.b"),
        ("http://g/web/", "target=a", "http://g/web/render?format=json&target=a"),
        ("http://g//web", " target = a\n b\t", "http://g/web/render?format=json&target=ab"),
        ("http://g", "target=a&target=b", "http://g/render?format=json&target=a&target=b"),
        ("http://g", "format=png", "http://g/render?format=json"),
        ("http://g", "a=%zz&b=1;2&c=3#d", "http://g/render?c=3&format=json"),
        ("http://g", "", "http://g/render?format=json"),
    ],
)  # fmt: skip
def test_the_query_becomes_parameters(address: str, query: str, url: str) -> None:
    sent = request(inquiry("graphite", {"address": address, "query": query}))

    assert (sent.method, sent.url, sent.timeout_seconds) == ("GET", url, 10)


@pytest.mark.parametrize("address", ["", ":::", "http://[", "ht tp://g"])
def test_a_wrong_address_is_an_error(address: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        request(inquiry("graphite", {"address": address}))

    assert str(raised.value) == f"Graphite address {address} is not a valid URL"


def test_a_query_that_can_be_part_of_no_url_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r'parse "\./render\?#%\^&": invalid URL escape'):
        request(inquiry("graphite", {"address": "http://g", "query": "#%^&"}))


@pytest.mark.parametrize(
    ("pair", "point"),
    [
        ([1, 2], Point(1.0, 2)),
        (["1.5", "2"], Point(1.5, 2)),
        ([None, None], Point(None, None)),
        ([1, 2.5], Point(1.0, 3)),
        ([1, -2.5], Point(1.0, -3)),
        ([1, 0.49999999999999994], Point(1.0, 0)),
    ],
)
def test_numbers_may_be_strings(pair: JSONValue, point: Point) -> None:
    assert read_points(points(pair)) == [point]


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ([1], "error unmarshaling data point: [1]"),
        ([1, 2, 3], "error unmarshaling data point: [1 2 3]"),
        (None, "error unmarshaling data point: []"),
        ([[], 1], "error unmarshaling value: []"),
        ([True, 1], "error unmarshaling value: true"),
        ([{"a": 1}, 1], "error unmarshaling value: map[a:1]"),
        ([100, []], "error unmarshaling timestamp: 100"),
        (["x", 1], 'strconv.ParseFloat: parsing "x": invalid syntax'),
        ([1, "1.5"], 'strconv.ParseInt: parsing "1.5": invalid syntax'),
        ([1, "9" * 30], f'strconv.ParseInt: parsing "{"9" * 30}": value out of range'),
        ("ab", "json: cannot unmarshal string into Go struct field graphiteTargetResp.datapoints"),
    ],
)
def test_a_malformed_point_is_an_error(pair: JSONValue, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_points(points(pair))

    assert str(raised.value).startswith(message)


def test_nulls_are_skipped_and_values_have_six_digits() -> None:
    result = interpret(inquiry("graphite"), points([1, 1], [None, 2], ["NaN", 3], [-0.5, 4]))

    assert result.text == "[1.000000,NaN,-0.500000]"
    assert isinstance(result.value, list)
    assert result.value[0] == 1.0
    assert math.isnan(result.value[1])
    assert result.outlives_errors


def test_only_the_first_series_counts() -> None:
    response = reply([{"datapoints": [[1, 1]]}, {"datapoints": [[2, 2]]}])

    assert interpret(inquiry("graphite"), response).value == [1.0]


def test_points_that_are_all_null_are_an_empty_list() -> None:
    assert interpret(inquiry("graphite"), points([None, 1])).text == "[]"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (reply([]), "no values found"),
        (reply(None), "no values found"),
        (points(), "no values found"),
        (Response(400, b"bad target"), "error response: bad target"),
        (Response(200, b"nope"), "invalid character 'o' in literal null (expecting 'u')"),
        (reply({}), "json: cannot unmarshal object into Go value of type"),
    ],
)
def test_an_answer_without_points_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("graphite"), response)

    assert str(raised.value).startswith(message)

"""The provider ``wavefront``."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from common.jsontypes import JSONValue
from promotions.engine.analysis.metrics import Metric
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import Response
from promotions.engine.analysis.providers.inquiries import Inquiry
from promotions.engine.analysis.providers.wavefront import Closest, closest, interpret, request
from tests.unit.engine.analysis.providers.asking import NOW, inquiry, reply


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def series(*these: JSONValue) -> Response:
    return reply({"timeseries": [{"data": points} for points in these]})


def test_the_query_asks_for_the_point_nearest_to_now() -> None:
    configuration = {"address": "w.example.com", "query": "ts(a)"}

    sent = request(inquiry("wavefront", configuration, {"w.example.com": "token"}))

    url = urlsplit(sent.url)
    moment = f"{int(NOW.timestamp())}000"
    assert (url.scheme, url.netloc, url.path) == ("https", "w.example.com", "/api/v2/chart/api")
    assert {key: value[0] for key, value in parse_qs(url.query).items()} == {
        "q": "ts(a)",
        "s": moment,
        "e": moment,
        "g": "s",
        "p": "1",
        "i": "true",
    }
    assert sent.headers == {"Authorization": "Bearer token"}


@pytest.mark.parametrize("tokens", [{"other": "token"}, {"w": ""}])
def test_an_address_without_a_token_is_an_error(tokens: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="API token not found"):
        request(inquiry("wavefront", {"address": "w"}, tokens))


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        (1, Closest(10.0, 0, -1)),
        (4, Closest(20.0, 5, 1)),
        (5, Closest(20.0, 5, 0)),
        (90, Closest(30.0, 10, -80)),
    ],
)
def test_the_closest_point_is_taken(moment: int, found: Closest) -> None:
    assert closest([(0, 10), (5, 20), (10, 30)], at=at(moment)) == found


def test_of_two_points_equally_close_the_first_is_taken() -> None:
    assert closest([(0, 10), (4, 20)], at=at(2)).value == 10
    assert closest([(4, 20), (0, 10)], at=at(2)).value == 20


def test_one_series_is_a_float_and_several_are_a_list() -> None:
    asked = Inquiry(Metric(), at(12))

    one = interpret(asked, series([[10, 1.005]]))
    two = interpret(asked, series([[10, 2.5]], [[13, -1]]))

    assert (one.value, one.text) == (1.005, "1.00")
    assert one.metadata == {"timestamps": "10", "drift": "-2"}
    assert (two.value, two.text) == ([2.5, -1.0], "[2.50,-1.00]")
    assert two.metadata == {"timestamps": "[10,13]", "drift": "[-2,1]"}


def test_a_series_without_points_is_zero_at_the_epoch() -> None:
    result = interpret(Inquiry(Metric(), at(12)), series([]))

    assert (result.value, result.text, result.metadata["timestamps"]) == (0.0, "0.00", "0")


def test_warnings_are_kept_even_with_an_error() -> None:
    with pytest.raises(ResponseError, match="No TimeSeries found in response") as raised:
        interpret(inquiry("wavefront"), reply({"warnings": "no query"}))

    assert raised.value.metadata == {"warnings": "no query"}


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(401, b"no"), "received non 2xx response code: 401 no"),
        (Response(200, b"{"), "unexpected end of JSON input"),
        (series([[1]]), "a point of the series has no time or no value"),
        (series([["a", 1]]), "json: cannot unmarshal string"),
        (series({"a": 1}), "json: cannot unmarshal object"),
        (reply({"errorMessage": "bad query"}), "bad query"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("wavefront"), response)

    assert str(raised.value).startswith(message)

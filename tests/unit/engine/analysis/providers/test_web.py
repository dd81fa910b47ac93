"""The provider ``web``."""

import json

import pytest

from common.errors import PlatformError
from common.jsontypes import JSONObject
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    LARGEST_BODY_BYTES,
    ClientCredentials,
    Response,
)
from promotions.engine.analysis.providers.web import interpret, request
from tests.unit.engine.analysis.providers.asking import inquiry, reply

URL = "https://metrics.example.com/rate"
OAUTH2 = {"tokenUrl": "https://sso.example.com", "clientId": "me", "clientSecret": "hush"}


def test_a_metric_is_asked_for_with_its_headers_for_ten_seconds() -> None:
    headers: JSONObject = {"url": URL, "headers": [{"key": "X-Team", "value": "shop"}]}

    sent = request(inquiry("web", headers))

    assert (sent.method, sent.url, sent.body) == ("GET", URL, "")
    assert sent.headers == {"X-Team": "shop"}
    assert (sent.timeout_seconds, sent.verify_tls, sent.auth) == (10, True, None)


def test_a_json_body_says_that_it_is_json() -> None:
    headers = [{"key": "content-type", "value": "text/plain"}]
    body: JSONObject = {"url": URL, "method": "POST", "jsonBody": {"b": [1]}, "headers": headers}

    sent = request(inquiry("web", body))

    assert json.loads(sent.body) == {"b": [1]}
    assert sent.headers == {"Content-Type": "application/json"}


def test_timeout_certificate_check_and_token_can_be_set() -> None:
    sent = request(
        inquiry(
            "web",
            {
                "url": URL,
                "timeoutSeconds": 3,
                "insecure": True,
                "authentication": {"oauth2": {**OAUTH2, "scopes": ["read"]}},
            },
        )
    )

    assert (sent.timeout_seconds, sent.verify_tls) == (3, False)
    assert sent.auth == ClientCredentials("https://sso.example.com", "me", "hush", ("read",))


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"body": "x", "jsonBody": {}}, "use either Body or JSONBody; both cannot exists"),
        ({"body": "x"}, "Body/JSONBody can only be used with POST or PUT"),
        ({"jsonBody": {}}, "Body/JSONBody can only be used with POST or PUT"),
        ({"jsonPath": "{.a"}, "unclosed action"),
        ({"url": "ftp://x"}, 'Get "ftp://x": unsupported protocol scheme "ftp"'),
        ({"url": "ftp://x", "method": "PUT"}, 'Put "ftp://x": unsupported protocol scheme "ftp"'),
        ({"url": ""}, 'Get "": unsupported protocol scheme ""'),
        ({"url": "http:"}, 'Get "http:": http: no Host in request URL'),
        ({"url": "http://[::1"}, 'parse "http://[::1"'),
        ({"url": 5}, "provider.web.url: must be a string"),
        ({"authentication": {"oauth2": {**OAUTH2, "clientId": ""}}}, "missing mandatory parameter"),
    ],
)
def test_a_wrong_metric_is_an_error(configuration: JSONObject, message: str) -> None:
    with pytest.raises(PlatformError) as raised:
        request(inquiry("web", {"url": URL, **configuration}))

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("body", "path", "value", "text"),
    [
        ('{"a": {"b": [1, 2.50]}}', "{.a.b}", [1.0, 2.5], "[1,2.5]"),
        ('{"b": 1, "a": "<x>"}', "", {"b": 1.0, "a": "<x>"}, r'{"a":"\u003cx\u003e","b":1}'),
        ('{"a": [3, 4]}', "{.a[*]}", 3.0, "3"),
        ('{"a": 1}', "first {.a}", "first ", '"first "'),
        ("12", "", 12.0, "12"),
        ("null", "", None, "null"),
        ("[1e21, 1e-7, 100000000]", "", [1e21, 1e-7, 1e8], "[1e+21,1e-7,100000000]"),
        ("<html>busy</html>", "{.a}", "<html>busy</html>", "<html>busy</html>"),
        ('{"a": NaN}', "{.a}", '{"a": NaN}', '{"a": NaN}'),
        ('{"a": 1', "{.a}", '{"a": 1', '{"a": 1'),
        ("", "{.a}", "", ""),
    ],
)
def test_the_path_is_looked_up_in_json_and_other_text_is_taken_whole(
    body: str, path: str, value: object, text: str
) -> None:
    result = interpret(inquiry("web", {"jsonPath": path}), Response(200, body.encode()))

    assert (result.value, result.text) == (value, text)


@pytest.mark.parametrize(
    ("response", "path", "message"),
    [
        (reply({}, status=301), "", "received non 2xx response code: 301"),
        (reply({}, status=199), "", "received non 2xx response code: 199"),
        (reply({"a": 1}), "{.b}", "Could not find JSONPath in body: b is not found"),
        (reply({"a": []}), "{.a[*]}", "result of web metric produced no value"),
        (reply({"a": []}), "{.a[3]}", "array index out of bounds"),
        (Response(200, b"[" * 500 + b"]" * 500), "", "exceeded max depth"),
        (Response(200, b"[" * 99_999 + b"]" * 99_999), "", "json: "),
        (Response(200, b"[1e999]"), "", "json: "),
        (Response(200, b"x" * (LARGEST_BODY_BYTES + 1)), "", "larger than 1048576 bytes"),
    ],
)
def test_an_answer_that_cannot_be_used_is_an_error(
    response: Response, path: str, message: str
) -> None:
    with pytest.raises(ResponseError) as raised:
        interpret(inquiry("web", {"jsonPath": path}), response)

    assert message in str(raised.value)


def test_a_wrong_path_is_an_error_of_the_metric() -> None:
    with pytest.raises(ConfigurationError):
        interpret(inquiry("web", {"jsonPath": "{"}), reply({}))


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert interpret(inquiry("web"), Response(200, b"a\xff")).text == "a\ufffd"

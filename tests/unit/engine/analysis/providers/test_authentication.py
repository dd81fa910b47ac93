"""Tokens and passwords that go with requests for metrics."""

import pytest

from promotions.engine.analysis.providers.authentication import (
    basic_auth,
    check_url,
    is_url,
    read_token,
    token_request,
)
from promotions.engine.analysis.providers.errors import ConfigurationError, ResponseError
from promotions.engine.analysis.providers.exchange import (
    BasicAuth,
    ClientCredentials,
    Request,
    Response,
)
from promotions.engine.analysis.wire import Reader
from tests.unit.engine.analysis.providers.asking import reply


def test_a_token_is_asked_for_with_the_clients_credentials() -> None:
    credentials = ClientCredentials("https://sso.example.com", "a b", "p:w", ("x", "y"))

    sent = token_request(credentials, timeout_seconds=3)

    assert (sent.method, sent.url) == ("POST", "https://sso.example.com")
    assert sent.body == "grant_type=client_credentials&scope=x+y"
    assert sent.headers["Authorization"] == "Basic YStiOnAlM0F3"


def test_the_token_of_an_answer_is_read() -> None:
    assert read_token(reply({"access_token": "abc", "expires_in": 60})) == "abc"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (Response(401, b"no"), "oauth2: cannot fetch token: 401 Unauthorized\nResponse: no"),
        (Response(799, b""), "oauth2: cannot fetch token: 799\nResponse: "),
        (Response(200, b"<html>"), "oauth2: cannot fetch token: invalid character '<'"),
        (reply({}), "oauth2: cannot fetch token: server response missing access_token"),
        (reply({"access_token": 1}), "oauth2: cannot fetch token: json: cannot unmarshal number"),
        (reply([]), "oauth2: cannot fetch token: json: cannot unmarshal array"),
    ],
)
def test_a_missing_token_is_an_error(response: Response, message: str) -> None:
    with pytest.raises(ResponseError) as raised:
        read_token(response)

    assert str(raised.value).startswith(message)


def test_a_name_and_a_password_belong_together() -> None:
    both = {"authentication": {"basicAuth": {"username": "alice", "password": "hush"}}}

    assert basic_auth(Reader(both)) == BasicAuth("alice", "hush")
    assert basic_auth(Reader({})) is None
    with pytest.raises(ConfigurationError, match="basic auth setup: password"):
        basic_auth(Reader({"authentication": {"basicAuth": {"username": "alice"}}}))
    with pytest.raises(ConfigurationError, match="basic auth setup: username"):
        basic_auth(Reader({"authentication": {"basicAuth": {"password": "hush"}}}))


@pytest.mark.parametrize("url", ["http://h", "https://h:8080/x?y", "HTTP://h"])
def test_addresses_of_the_web_are_accepted(url: str) -> None:
    check_url("Get", url)
    assert is_url(url)


@pytest.mark.parametrize("url", ["", "h", ":", ":invalid::url", "http://", "//h", "http://h:x"])
def test_what_is_no_full_address_is_not_accepted(url: str) -> None:
    assert not is_url(url)


def test_secrets_do_not_show_in_what_is_logged() -> None:
    secrets = (
        BasicAuth("alice", "hush"),
        ClientCredentials("https://sso", "me", "hush"),
        Request("GET", "https://h", {"Authorization": "Bearer hush"}),
    )

    assert "hush" not in repr(secrets)

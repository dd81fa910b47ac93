"""Addresses that are none, and why."""

import pytest

from promotions.engine.analysis.providers.errors import ConfigurationError
from promotions.engine.analysis.providers.url_problems import parse_address


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("://wrong", 'parse "://wrong": missing protocol scheme'),
        ("a b:80/c", 'parse "a b:80/c": first path segment in URL cannot contain colon'),
        ("http://h:port", 'parse "http://h:port": invalid port ":port" after host'),
        ("http://[::1]:x", 'parse "http://[::1]:x": invalid port ":x" after host'),
        ("http://[::1", "parse \"http://[::1\": missing ']' in host"),
        ("http://a b/c", 'parse "http://a b/c": invalid character " " in host name'),
        ("http://h/%zz", 'parse "http://h/%zz": invalid URL escape "%zz"'),
        ("/a%2", 'parse "/a%2": invalid URL escape "%2"'),
        ("http://h/#%^&*", 'parse "http://h/#%^&*": invalid URL escape "%^&"'),
        ("http://h/%zz#x", 'parse "http://h/%zz": invalid URL escape "%zz"'),
        ("http://u ser@h", 'parse "http://u ser@h": net/url: invalid userinfo'),
        ("http://h/\x01", r'parse "http://h/\x01": net/url: invalid control character in URL'),
    ],
)
def test_what_is_no_url_is_explained_as_go_does(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_address(url)

    assert str(raised.value) == message


def test_the_parts_of_a_url_are_found() -> None:
    parts = parse_address("https://h:8080/a?b=c#d")

    assert (parts.scheme, parts.host, parts.path, parts.query) == ("https", "h:8080", "/a", "b=c")

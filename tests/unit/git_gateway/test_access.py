import ipaddress
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from common.egress import EgressPolicy
from promotions.gateways.git.access import Endpoint, configuration, endpoint_of
from promotions.gateways.git.settings import GitSettings
from promotions.ports.credentials import Credential
from promotions.ports.git import HostUnreachableError, RefusedURLError, Remote

BOT = Credential(username="bot", password="s3cret")
PROXY = {"PATH": "/bin", "https_proxy": "http://proxy:3128", "no_proxy": "inside.example.com"}


@pytest.fixture
def settings() -> GitSettings:
    return GitSettings(cache_dir=Path("/nowhere"), inherited={"PATH": "/bin"})


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let every name have these addresses."""

    def set_to(*addresses: str) -> None:
        found = [(0, 0, 0, "", (address, 0)) for address in addresses]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)

    return set_to


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Git.Example.com/a.git", Endpoint("https", "git.example.com", 443)),
        ("http://git.example.com:8080/a", Endpoint("http", "git.example.com", 8080)),
        ("https://[2001:db8::1]/a", Endpoint("https", "2001:db8::1", 443)),
        ("ssh://git@git.example.com:2222/a", Endpoint("ssh", "git.example.com", 2222)),
        ("git@git.example.com:a/b.git", Endpoint("ssh", "git.example.com", 22)),
        ("git.example.com:a/b.git", Endpoint("ssh", "git.example.com", 22)),
        ("file:///a.git", None),
        ("/a.git", None),
    ],
)
def test_an_address_says_what_is_connected_to(url: str, expected: Endpoint | None) -> None:
    assert endpoint_of(url) == expected


def test_git_may_connect_to_the_addresses_that_are_allowed_and_to_no_other(
    settings: GitSettings, resolve: Callable[..., None]
) -> None:
    resolve("192.0.2.1", "2001:db8::1", "127.0.0.1", "169.254.169.254")

    found = dict(configuration(Remote("https://git.example.com/a"), settings))

    assert found["http.curloptResolve"] == "git.example.com:443:192.0.2.1,[2001:db8::1]"
    assert found["http.followRedirects"] == "false"


def test_a_host_with_none_but_refused_addresses_is_refused(
    settings: GitSettings, resolve: Callable[..., None]
) -> None:
    resolve("10.0.0.1")
    strict = replace(settings, egress=EgressPolicy(deny_private=True))

    configuration(Remote("https://git.example.com/a"), settings)
    with pytest.raises(RefusedURLError):
        configuration(Remote("https://git.example.com/a"), strict)


def test_a_name_that_does_not_resolve_may_do_so_later(
    settings: GitSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", fail)

    with pytest.raises(HostUnreachableError, match="resolved"):
        configuration(Remote("https://git.example.com/a"), settings)


def test_a_proxy_resolves_names_but_not_what_is_exempt_nor_numbers(
    settings: GitSettings, resolve: Callable[..., None]
) -> None:
    resolve("127.0.0.1")
    proxied = replace(settings, inherited=PROXY)

    assert "http.curloptResolve" not in dict(
        configuration(Remote("https://git.example.com/a"), proxied)
    )
    for url in ("https://inside.example.com/a", "http://git.example.com/a", "https://127.0.0.1/a"):
        with pytest.raises(RefusedURLError):
            configuration(Remote(url), proxied)


def test_credentials_are_for_one_origin(
    settings: GitSettings, resolve: Callable[..., None]
) -> None:
    resolve("192.0.2.1")

    found = dict(configuration(Remote("https://git.example.com:8443/a", credential=BOT), settings))

    assert [key for key in found if "extraHeader" in key] == [
        "http.https://git.example.com:8443/.extraHeader"
    ]


def test_listed_networks_may_be_reached(settings: GitSettings) -> None:
    listed = EgressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),))

    found = configuration(Remote("http://127.0.0.2/a"), replace(settings, egress=listed))

    assert found == [("http.followRedirects", "false")]

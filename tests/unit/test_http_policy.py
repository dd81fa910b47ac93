"""Outbound HTTP: which hosts may be reached, and how long and how much is waited for."""

import ipaddress
import socket
import threading
import time

import pytest

from common.egress import EgressPolicy
from common.errors import InvalidError, UpstreamError
from common.http import Limits, client
from tests.fakes.oci_registry import Answer, Asked, scripted_server

LOCAL = EgressPolicy(allowed_hosts=frozenset({"127.0.0.1"}))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "0.0.0.0",  # noqa: S104 - that it is refused is the point
        "::",
        "169.254.169.254",
        "fe80::1%eth0",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "100.100.100.200",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
    ],
)
def test_special_addresses_are_refused(address: str) -> None:
    assert not EgressPolicy().allows(address)


@pytest.mark.parametrize("address", ["10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12::1"])
def test_private_addresses_are_allowed_unless_denied(address: str) -> None:
    listed = EgressPolicy(deny_private=True, allowed_networks=(ipaddress.ip_network(f"{address}"),))

    assert EgressPolicy().allows(address)
    assert not EgressPolicy(deny_private=True).allows(address)
    assert listed.allows(address)


def test_public_addresses_are_allowed() -> None:
    assert EgressPolicy(deny_private=True).allows("93.184.216.34")
    assert EgressPolicy(deny_private=True).allows("2606:2800:220:1::1")


def test_a_listed_network_may_be_loopback() -> None:
    assert EgressPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),)).allows("127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0x7f.1", "[::1]", "2130706433"])
def test_a_request_to_loopback_is_refused_however_it_is_written(host: str) -> None:
    with scripted_server(lambda _: Answer()) as server, client(EgressPolicy()) as sender:
        port = server.host.rpartition(":")[2]
        with pytest.raises(UpstreamError) as caught:
            sender.request("GET", f"http://{host}:{port}/")

    assert caught.value.code == "egress_refused"
    assert server.asked == []


def test_a_redirect_to_a_refused_host_is_not_followed() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data"})

    with (
        scripted_server(script) as server,
        client(LOCAL) as sender,
        pytest.raises(UpstreamError) as caught,
    ):
        sender.request("GET", f"http://{server.host}/")

    assert caught.value.code == "egress_refused"


def test_credentials_are_dropped_when_the_host_changes() -> None:
    headers = [("Authorization", "Bearer secret"), ("Cookie", "a=b"), ("X-Other", "kept")]
    with scripted_server(lambda _: Answer(body=b"there")) as other:
        target = f"http://{other.host}/next"
        with (
            scripted_server(lambda _: Answer(307, headers={"Location": target})) as first,
            client(LOCAL) as sender,
        ):
            response = sender.request(
                "POST", f"http://{first.host}/", headers=headers, content=b"x"
            )

    assert response.content == b"there"
    assert "authorization" in first.asked[0].headers
    assert "authorization" not in other.asked[0].headers
    assert "cookie" not in other.asked[0].headers
    assert other.asked[0].headers["x-other"] == "kept"
    assert other.asked[0].headers["host"] == other.host
    assert (other.asked[0].method, other.asked[0].body) == ("POST", b"x")


def test_credentials_stay_on_the_same_host_and_a_303_becomes_a_get() -> None:
    def script(asked: Asked) -> Answer:
        return Answer(303, headers={"Location": "/b"}) if asked.path == "/a" else Answer()

    with scripted_server(script) as server, client(LOCAL) as sender:
        sender.request(
            "POST", f"http://{server.host}/a", headers=[("Authorization", "s")], content=b"x"
        )

    assert server.asked[1].headers["authorization"] == "s"
    assert (server.asked[1].method, server.asked[1].body) == ("GET", b"")


def test_endless_redirects_end() -> None:
    with (
        scripted_server(lambda _: Answer(302, headers={"Location": "/"})) as server,
        client(LOCAL) as sender,
        pytest.raises(UpstreamError, match="redirected more than 5 times"),
    ):
        sender.request("GET", f"http://{server.host}/")


def test_a_response_that_is_too_large_is_refused() -> None:
    with (
        scripted_server(lambda _: Answer(body=b"x" * 2000)) as server,
        client(LOCAL) as sender,
        pytest.raises(UpstreamError) as caught,
    ):
        sender.request("GET", f"http://{server.host}/", limits=Limits(max_bytes=1000))

    assert caught.value.code == "response_too_large"
    assert not caught.value.retryable


def test_a_slow_server_is_given_up_in_time() -> None:
    with (
        scripted_server(lambda _: Answer(delay_seconds=2)) as server,
        client(LOCAL) as sender,
        pytest.raises(UpstreamError) as caught,
    ):
        sender.request("GET", f"http://{server.host}/", limits=Limits(timeout_seconds=0.2))

    assert caught.value.code == "upstream_timeout"
    assert caught.value.retryable


def test_a_server_that_drips_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, client(LOCAL) as sender:
        port = listener.getsockname()[1]

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                for _ in range(99):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return
                    time.sleep(0.2)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(UpstreamError):
            sender.request("GET", f"http://127.0.0.1:{port}/", limits=Limits(timeout_seconds=0.3))
        assert time.monotonic() - begun < 10
        thread.join()


def test_a_server_that_is_down_is_worth_another_try() -> None:
    with client(LOCAL) as sender, pytest.raises(UpstreamError) as caught:
        sender.request("GET", "http://127.0.0.1:1/?token=hidden")

    assert caught.value.code == "upstream_unreachable"
    assert caught.value.retryable
    assert "hidden" not in caught.value.message


@pytest.mark.parametrize("url", ["ftp://host/", "host/path", "http://", "http://[::1", "file:///x"])
def test_only_http_addresses_are_taken(url: str) -> None:
    with client(LOCAL) as sender, pytest.raises(InvalidError):
        sender.request("GET", url)


def test_header_injection_is_refused() -> None:
    with client(LOCAL) as sender, pytest.raises((InvalidError, UpstreamError)):
        sender.request("GET", "http://127.0.0.1:1/", headers=[("X-A", "b\r\nX-Evil: 1")])


def test_parameters_are_added_to_the_query() -> None:
    with scripted_server(lambda _: Answer()) as server, client(LOCAL) as sender:
        sender.request("GET", f"http://{server.host}/p?a=1", params=[("b", "x y"), ("a", "2")])

    assert server.asked[0].path == "/p?a=1&a=2&b=x+y"


def test_a_configured_proxy_is_subject_to_the_policy() -> None:
    with (
        scripted_server(lambda _: Answer(body=b"proxied")) as proxy,
        client(EgressPolicy(), proxy=f"http://{proxy.host}") as refused,
        client(LOCAL, proxy=f"http://{proxy.host}") as allowed,
    ):
        with pytest.raises(UpstreamError):
            refused.request("GET", "http://example.invalid/")
        response = allowed.request("GET", "http://example.invalid/")

    assert response.content == b"proxied"
    assert proxy.asked[0].path == "http://example.invalid/"


@pytest.mark.parametrize("proxy", ["http://[::1", "http://p:x", "http://\x00", "socks9://p"])
def test_a_proxy_that_is_no_address_is_refused(proxy: str) -> None:
    with pytest.raises(InvalidError, match="proxy"):
        client(LOCAL, proxy=proxy)


def test_the_proxies_of_the_environment_are_used_but_do_not_open_metadata(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with scripted_server(lambda _: Answer(body=b"proxied")) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        monkeypatch.setenv("no_proxy", "127.0.0.1,.internal")
        with client(EgressPolicy()) as sender:
            response = sender.request("GET", "http://example.invalid/")
            with pytest.raises(UpstreamError) as caught:
                sender.request("GET", "http://169.254.169.254/")
            for spelling in ("0xa9fea9fe", "[::ffff:169.254.169.254]", "2852039166", "0x7f.1"):
                with pytest.raises(UpstreamError):
                    sender.request("GET", f"http://{spelling}/")
            with pytest.raises(UpstreamError):
                sender.request("GET", f"http://{proxy.host}/direct")

    assert response.content == b"proxied"
    assert caught.value.code == "egress_refused"
    assert len(proxy.asked) == 1

"""Where a request comes from and why, as far as it can be believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import override_settings

from common.errors import InvalidError
from rbac.origin import address_of, bad_networks, checked_reason, reason_of


@dataclass(frozen=True)
class Request:
    META: Mapping[str, Any]


def address(peer: str, forwarded: str = "", *, trusted: tuple[str, ...] = ()) -> str:
    meta = {"REMOTE_ADDR": peer}
    if forwarded:
        meta["HTTP_X_FORWARDED_FOR"] = forwarded
    with override_settings(TRUSTED_PROXIES=list(trusted)):
        return address_of(Request(meta))


def test_what_anybody_may_send_is_not_believed() -> None:
    assert address("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert address("203.0.113.9", "198.51.100.1", trusted=("10.0.0.0/8",)) == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1, 10.1.1.1", "198.51.100.1"),
        ("10.2.2.2, 10.1.1.1", "10.2.2.2"),
        ("198.51.100.1:4711", "198.51.100.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("nonsense", "10.0.0.1"),
        ("198.51.100.1, nonsense", "10.0.0.1"),
        ("<script>", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
def test_behind_trusted_proxies_it_is_the_last_address_that_none_of_them_has(
    forwarded: str, expected: str
) -> None:
    assert address("10.0.0.1", forwarded, trusted=("10.0.0.0/8",)) == expected


def test_a_proxy_may_come_over_a_socket() -> None:
    assert address("", "198.51.100.1", trusted=("unix",)) == "198.51.100.1"
    assert address("", "198.51.100.1") == ""


def test_ipv4_in_ipv6_is_the_same_address() -> None:
    assert address("::ffff:10.0.0.1", "198.51.100.1", trusted=("10.0.0.0/8",)) == "198.51.100.1"


def test_networks_that_are_none_are_named() -> None:
    assert bad_networks(["10.0.0.0/8", "unix", "10.0.0.1", "::/0", "proxy"]) == ["proxy"]


def test_a_reason_is_read_whatever_its_letters() -> None:
    sent = "Späte Änderung ✓".encode().decode("latin-1")

    assert reason_of(Request({"HTTP_X_KARGO_REASON": sent})) == "Späte Änderung ✓"
    assert reason_of(Request({"HTTP_X_KARGO_REASON": "caf\xe9"})) == "café"
    assert reason_of(Request({})) == ""


def test_a_reason_is_bounded_and_printable() -> None:
    assert checked_reason("  a\x00b\x1b\r\nc ") == "a b \nc"
    assert checked_reason("x" * 1000) == "x" * 1000
    with pytest.raises(InvalidError, match="longer than 1000 characters"):
        checked_reason("x" * 1001)

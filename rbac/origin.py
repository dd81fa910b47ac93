"""Tells where a request comes from, and why: what the audit keeps beside who made it."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, Protocol

from django.conf import settings

from common.errors import InvalidError

MAX_REASON = 1000
"""Most characters that a reason may have."""
REASON_FIELD = "reason"
_REASON_HEADER = "HTTP_X_KARGO_REASON"
_SOCKET = "unix"
_SUBSCRIBER: Final = 64
"""How long the prefixes are that providers give their subscribers."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[^:]+))(?::\d+)?")

_BAD_REQUEST = "bad_request"
"""The code of errors that REST answers with 400."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class Headed(Protocol):
    """A request, of Django or of REST framework."""

    @property
    def META(self) -> Mapping[str, Any]:  # noqa: N802 - Django's name
        """Headers and what the server knows of the connection, as CGI names them."""


def address_of(request: Headed) -> str:
    """Return the address of whoever made a request, behind proxies that are trusted too.

    ``X-Forwarded-For`` counts only as far as the addresses in it, from the last one on, were
    written by ``KARGO_TRUSTED_PROXIES``: anybody may send the header.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    networks = _networks(tuple(settings.TRUSTED_PROXIES))
    if not _is_trusted(peer, networks):
        return _shown(peer)
    client = peer
    for hop in reversed(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")):
        found = _parsed(hop.strip())
        if found is None:
            break
        client = str(found)
        if not _is_trusted(client, networks):
            break
    return _shown(client)


def comes_from_proxy(request: Headed) -> bool:
    """Return whether a request comes from one of ``KARGO_TRUSTED_PROXIES``."""
    peer = str(request.META.get("REMOTE_ADDR", ""))
    return _is_trusted(peer, _networks(tuple(settings.TRUSTED_PROXIES)))


def neighbourhood_of(request: Headed) -> str:
    """Return whose attempts are counted together: an address or, of IPv6, a subscriber's network.

    One subscriber has more addresses of it than could ever be counted.
    """
    address = address_of(request)
    found = _parsed(address.partition("%")[0])
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, _SUBSCRIBER), strict=False))
    return address


def reason_of(request: Headed) -> str:
    """Return why a program does something, as its ``X-Kargo-Reason`` says.

    Raises:
        InvalidError: It is longer than ``MAX_REASON``.
    """
    raw = str(request.META.get(_REASON_HEADER, ""))
    try:
        text = raw.encode("latin-1").decode()
    except UnicodeError:
        text = raw
    return checked_reason(text)


def checked_reason(text: str) -> str:
    """Return a reason as it is kept.

    Raises:
        InvalidError: It is longer than ``MAX_REASON``.
    """
    reason = _UNPRINTABLE.sub(" ", text.replace("\r\n", "\n")).strip()
    if len(reason) > MAX_REASON:
        raise InvalidError(
            f"The reason is longer than {MAX_REASON} characters; shorten it.", code=_BAD_REQUEST
        )
    return reason


def bad_networks(entries: list[str]) -> list[str]:
    """Return the entries of ``KARGO_TRUSTED_PROXIES`` that are neither networks nor ``unix``."""
    return [entry for entry in entries if entry != _SOCKET and _network(entry) is None]


def _is_trusted(address: str, networks: tuple[_Network | str, ...]) -> bool:
    if not address:
        return _SOCKET in networks
    found = _parsed(address)
    return found is not None and any(
        found in network for network in networks if not isinstance(network, str)
    )


def _parsed(text: str) -> _Address | None:
    match = _WITH_PORT.fullmatch(text)
    bare = (match["v6"] or match["v4"]) if match else text
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _shown(address: str) -> str:
    found = _parsed(address)
    return str(found) if found is not None else address


@lru_cache
def _networks(entries: tuple[str, ...]) -> tuple[_Network | str, ...]:
    found = (_SOCKET if entry == _SOCKET else _network(entry) for entry in entries)
    return tuple(entry for entry in found if entry is not None)


def _network(entry: str) -> _Network | None:
    try:
        return ip_network(entry, strict=False)
    except ValueError:
        return None

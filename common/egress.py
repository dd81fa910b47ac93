"""Which addresses may the platform connect to?

Refused unless the operator lists them: loopback, link-local (cloud metadata lives there) and
whatever is not an ordinary host's address. Private networks are allowed unless denied.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Self

from common.errors import UpstreamError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA: frozenset[Address] = frozenset(
    map(ipaddress.ip_address, ("169.254.169.254", "fd00:ec2::254", "100.100.100.200"))
)
_PRIVATE: tuple[Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10"),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """What the operator says about outbound connections.

    Attributes:
        allowed_hosts: Host names or addresses that are always allowed, in lower case.
        allowed_networks: Networks that are always allowed.
        deny_private: Refuse private networks that are not listed.
    """

    allowed_hosts: frozenset[str] = frozenset()
    allowed_networks: tuple[Network, ...] = ()
    deny_private: bool = False

    @classmethod
    def of(cls, allowed: Iterable[str], *, deny_private: bool) -> Self:
        """Return the policy that allows these hosts, addresses and networks, as texts."""
        networks = {entry: _network(entry) for entry in allowed}
        return cls(
            allowed_hosts=frozenset(entry.lower() for entry, it in networks.items() if it is None),
            allowed_networks=tuple(it for it in networks.values() if it is not None),
            deny_private=deny_private,
        )

    def allows(self, address: str) -> bool:
        """Return whether a connection to this IP address is allowed."""
        ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if any(ip in network for network in self.allowed_networks):
            return True
        return not _is_special(ip) and not (self.deny_private and _is_private(ip))

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses to try for ``host``, in the resolver's order.

        Raises:
            UpstreamError: The name does not resolve (retryable), or every address it has is
                refused (``egress_refused``).
        """
        found = _resolved(host, port)
        if host.lower().rstrip(".") in self.allowed_hosts:
            return found
        allowed = [address for address in found if self.allows(address)]
        if not allowed:
            raise UpstreamError(
                f"Connections to {host} are not allowed: it is a loopback, link-local or otherwise"
                " refused address. An operator can list it as an allowed host.",
                retryable=False,
                code="egress_refused",
            )
        return allowed


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


def _resolved(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UpstreamError(
            f"The host name {host} could not be resolved.",
            retryable=True,
            code="host_unresolved",
        ) from error
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


def _unwrapped(ip: Address) -> Address:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_private(ip: Address) -> bool:
    return any(ip in network for network in _PRIVATE)


def _is_special(ip: Address) -> bool:
    return (
        ip in _METADATA
        or ip.is_loopback
        or ip.is_link_local
        or ip.is_unspecified
        or ip.is_multicast
        or (ip.is_reserved and not _is_private(ip))
        or (isinstance(ip, IPv4Address) and int(ip) >> 24 == 0)
    )

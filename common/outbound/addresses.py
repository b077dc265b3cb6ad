"""Addresses: which are public, so that callers may have them called. Pure.

For IPv6 this allows the one block that is allocated, less its parts for protocols, tunnels and
examples. `ipaddress.is_global` is not enough: it allows relays and translators, which lead to any
IPv4 address.

Source: https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network: on Linux 0.0.0.0 is this machine
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # behind a provider's NAT
            "127.0.0.0/8",  # this machine
            "168.63.129.16/32",  # Azure's services on each of its virtual machines
            "169.254.0.0/16",  # this link; the clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols; 192.0.0.192 is Oracle Cloud's metadata
            "192.0.2.0/24",  # examples
            "192.31.196.0/24",  # AS112 sinks
            "192.52.193.0/24",  # AMT relays
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112 sinks
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # examples
            "203.0.113.0/24",  # examples
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
# All else is loopback, mapped or compatible IPv4, NAT64, local, multicast, or not allocated.
_GLOBAL_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols: Teredo, ORCHID, benchmarks, AMT
            "2001:db8::/32",  # examples
            "2002::/16",  # 6to4: any IPv4 address behind a relay
            "2620:4f:8000::/48",  # AS112 sinks
            "3ffe::/16",  # the former 6bone
            "3fff::/20",  # examples
        ),
    )
)
# ISATAP (RFC 5214, 6.1): an IPv4 address after these 32 bits, under any prefix.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(address: Address) -> bool:
    """Return whether an address is public: neither local nor for a special purpose.

    Args:
        address: As a name server returned it.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    if any(address in network for network in _SPECIAL_V6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP


class AddressGuard:
    """Decides which addresses may be called: public ones, and those that the operator allows.

    Args:
        networks: Networks that may be called though they are not public, e.g. `10.1.0.0/16`.
    """

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks: tuple[Network, ...] = tuple(map(ip_network, networks))

    def allows(self, address: Address) -> bool:
        """Return whether an address may be called."""
        return is_public(address) or any(address in network for network in self._networks)

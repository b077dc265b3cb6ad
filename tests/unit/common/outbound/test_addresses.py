"""Addresses: whatever leads back to us, or to nobody, is not public."""

from ipaddress import ip_address

from common.outbound.addresses import AddressGuard, is_public

HOSTILE = (
    # This machine, and what means it.
    *("127.0.0.1", "127.255.255.254", "0.0.0.1", "0.1.2.3", "::1", "::"),
    "0.0.0.0",  # noqa: S104 - to be refused, not bound
    # Private, shared, link-local.
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("100.64.0.1", "100.100.100.200", "100.127.255.255"),
    *("169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1"),
    *("fc00::1", "fd00:ec2::254", "fdff::1", "fec0::1", "feff::1"),
    # Protocols, examples, benchmarks, relays, sinks.
    *("192.0.0.1", "192.0.0.170", "192.0.0.192", "192.0.2.1", "198.51.100.7", "203.0.113.9"),
    *("198.18.0.1", "198.19.255.255", "192.88.99.1", "192.31.196.1", "192.52.193.1"),
    *("192.175.48.1", "168.63.129.16"),
    # Nobody, or everybody.
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "ff02::1", "ff0e::1"),
    # IPv4 in other clothes: mapped, compatible, translated, tunnelled.
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "::127.0.0.1", "::7f00:1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::7f00:1", "64:ff9b:1:ffff::1"),
    *("2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    *("2a01:4f8::5efe:7f00:1", "2a01:4f8::200:5efe:7f00:1", "2606:4700:0:0:0:5efe:a00:1"),
    *("2001:2::1", "2001:10::1", "2001:20::1", "2001:1::1", "2001:db8::1", "3fff::1"),
    *("100::1", "5f00::1", "3ffe::1", "2620:4f:8000::1", "4000::1", "8000::1"),
)
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255"),
    *("172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255"),
    *("198.20.0.0", "223.255.255.255", "168.63.129.15"),
    *("2606:4700:4700::1111", "2001:4860:4860::8888", "2a00:1450:4001:80b::200e", "2003::1"),
)


def test_what_is_not_public_is_not_called() -> None:
    assert [text for text in HOSTILE if is_public(ip_address(text))] == []
    assert [text for text in HOSTILE if AddressGuard().allows(ip_address(text))] == []


def test_what_is_public_is_called() -> None:
    assert [text for text in PUBLIC if not AddressGuard().allows(ip_address(text))] == []


def test_a_named_network_is_called_and_its_neighbours_are_not() -> None:
    guard = AddressGuard(("10.1.0.0/16", "fd12::/32"))
    assert guard.allows(ip_address("10.1.255.255"))
    assert guard.allows(ip_address("fd12::1"))
    for other in ("10.2.0.0", "10.0.255.255", "::ffff:10.1.0.1", "fd13::1", "127.0.0.1"):
        assert not guard.allows(ip_address(other))

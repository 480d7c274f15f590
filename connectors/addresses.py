"""Which network addresses a connector may talk to, and the one way a socket is opened to them.

A name is looked up once, refused when any of its answers is refused, and the socket goes to the address that was checked.
A second look-up by somebody else (DNS rebinding) can't change where the bytes go.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from directory.core.errors import SourceRefused

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_ADDRESSES_TRIED = 4
"""A name may have many addresses; trying them all would let its owner spend our time."""


def _networks(*blocks: str) -> tuple[IPNetwork, ...]:
    return tuple(ipaddress.ip_network(block) for block in blocks)


# An explicit table: `ipaddress.is_global` lets multicast, NAT64, 6to4 and site-local addresses through, differently in each
# Python version. Source: IANA special-purpose address registries (RFC 6890 and its updates).
DENIED_IPV4 = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
ALLOWED_IPV6 = _networks("2000::/3")
DENIED_IPV6 = _networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

# What `allow_private` adds. Link-local (cloud metadata at 169.254.169.254), multicast and reserved blocks stay refused.
PRIVATE = _networks("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
# The metadata services that two cloud vendors put into unique local space.
METADATA = _networks("fd00:ec2::/32", "fd20:ce::/32")


def _in_any(address: IPAddress, networks: Iterable[IPNetwork]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def is_allowed(address: IPAddress, *, allow_private: bool) -> bool:
    """True when a connector may connect to `address`. An IPv4-mapped IPv6 address counts as the IPv4 address inside."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if allow_private and _in_any(address, PRIVATE) and not _in_any(address, METADATA):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return not _in_any(address, DENIED_IPV4)
    return _in_any(address, ALLOWED_IPV6) and not _in_any(address, DENIED_IPV6)


def check_address(host: str, address: str, *, allow_private: bool) -> None:
    """Raise `SourceRefused` unless `address`, an answer for `host`, may be connected to."""
    try:
        allowed = is_allowed(ipaddress.ip_address(address), allow_private=allow_private)
    except ValueError:
        allowed = False
    if not allowed:
        wanted = "public, loopback or private network addresses" if allow_private else "public addresses"
        raise SourceRefused(f"{host} leads to an address that is not allowed; allowed are {wanted}")


@dataclass(frozen=True, slots=True)
class VettedAddress:
    """One checked answer of the resolver."""

    family: int
    address: str
    port: int


def resolve(host: str, port: int, *, allow_private: bool) -> tuple[VettedAddress, ...]:
    """All addresses of `host`, in the resolver's order.

    One bad answer refuses the name as a whole: an honest name has no reason to mix public and internal addresses.
    Raises `SourceRefused`, or `socket.gaierror` when the name is not known.
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "not a host name") from None
    if not answers:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    for _, _, _, _, sockaddr in answers:
        check_address(host, str(sockaddr[0]), allow_private=allow_private)
    return tuple(VettedAddress(family, str(sockaddr[0]), port) for family, _, _, _, sockaddr in answers)


def open_vetted(host: str, port: int, *, allow_private: bool, seconds: Callable[[], float]) -> socket.socket:
    """A connected socket to a checked address of `host`. `seconds()` gives the time that each attempt may take.

    Raises `SourceRefused`, `socket.gaierror`, `TimeoutError` or another `OSError` of the last address tried.
    """
    failure: OSError = OSError("no address")
    for address in resolve(host, port, allow_private=allow_private)[:MAX_ADDRESSES_TRIED]:
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(seconds())
            sock.connect((address.address, address.port))
        except OSError as exc:
            sock.close()
            failure = exc
        else:
            return sock
    raise failure

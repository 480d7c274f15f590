import ipaddress
import socket
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.addresses import MAX_ADDRESSES_TRIED, is_allowed, open_vetted, resolve
from connectors.client import Client, ClientLimits, EndpointPolicy
from directory.core.errors import SourceRefused, SourceUnavailable

Answers = dict[str, list[str]]

NAMES: Answers = {
    "localhost.example.org": ["127.0.0.1"],
    "six.example.org": ["::1"],
    "mixed.example.org": ["93.184.215.14", "127.0.0.1"],
    "mixed-six.example.org": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "fe80::1%eth0"],
    "metadata.example.org": ["169.254.169.254"],
    "private.example.org": ["10.1.2.3"],
    "nat64.example.org": ["64:ff9b::7f00:1"],
    "odd.example.org": ["not an address"],
    "public.example.org": ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"],
}

# Every spelling of an inner address that resolvers, browsers or URL parsers have been seen to accept.
REFUSED_HOSTS = [
    "localhost",
    "localhost.",
    "LOCALHOST",
    "metadata",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0X7F.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "00000177.0.0.1",
    "127.0.0.1.",
    "0",
    "0.0.0.0",
    "0x0",
    "10.0.0.1",
    "10.255.255.255",
    "167772161",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "169.254.43518",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "3232235521",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[100::1]",
    "[2001::1]",
    "[2001:db8::1]",
    "[2001:10::1]",
    "[2002:7f00:1::]",
    "[3fff::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fe80::1%eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[v1.x]",
    "[127.0.0.1]",
    "[public.example.org]",
    "%31%32%37.0.0.1",
    "127.0.0.1%00.example.org",
    "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
    "\N{CIRCLED DIGIT ONE}\N{CIRCLED DIGIT TWO}\N{CIRCLED DIGIT SEVEN}.0.0.1",
    "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
    "user@127.0.0.1",
    "public.example.org@127.0.0.1",
    "public.example.org\\@127.0.0.1",
    "127.0.0.1#@public.example.org",
    "127.0.0.1:443:80",
    "127.0.0.1 ",
    "",
    "localhost.example.org",
    "LocalHost.Example.ORG",
    "six.example.org",
    "mixed.example.org",
    "mixed-six.example.org",
    "metadata.example.org",
    "private.example.org",
    "nat64.example.org",
    "odd.example.org",
]


class Network:
    """Stands in for resolver and connect(); counts both."""

    def __init__(self, names: Answers) -> None:
        self.names = names
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        self.asked.append(host)
        try:
            found = [socket.inet_ntoa(socket.inet_aton(host))]  # the C library reads 127.1, 0x7f000001 and so on
        except OSError:
            found = self.names.get(host.lower().strip("[]"), [])
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def connect(self, address: tuple[str, int]) -> None:
        self.connected.append(address)
        raise ConnectionRefusedError


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    made = Network(NAMES)
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo)
    monkeypatch.setattr(socket.socket, "connect", made.connect)
    return made


@pytest.fixture
def client() -> Client:
    return Client(limits=ClientLimits(retries=0), policy=EndpointPolicy(), rate=1000, user_agent="test")


def test_the_table_of_spellings_is_long_enough() -> None:
    assert len(set(REFUSED_HOSTS)) == len(REFUSED_HOSTS) >= 60


@pytest.mark.parametrize("host", REFUSED_HOSTS)
def test_inner_address_is_refused_before_any_connection(host: str, network: Network, client: Client) -> None:
    with pytest.raises(SourceRefused):
        client.get(f"https://{host}/feed", accept="application/json")
    assert network.connected == []
    assert len(network.asked) <= 1


def test_message_names_host_and_what_is_allowed(network: Network, client: Client) -> None:
    with pytest.raises(SourceRefused) as caught:
        client.get("https://mixed.example.org/feed?key=hush", accept="application/json", auth_token="hush")
    assert str(caught.value) == "mixed.example.org leads to an address that is not allowed; allowed are public addresses"


def test_public_name_is_looked_up_once_and_its_vetted_addresses_are_tried_in_order(network: Network, client: Client) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        client.get("https://public.example.org/feed", accept="application/json")
    assert str(caught.value) == "public.example.org did not accept a connection"
    assert network.asked == ["public.example.org"]
    assert network.connected == [("93.184.215.14", 443), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", 443)]


def test_name_without_address_is_a_case_for_later(network: Network, client: Client) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        client.get("https://nowhere.example.org/", accept="application/json")
    assert str(caught.value) == "nowhere.example.org could not be found by name"


def test_only_a_few_addresses_of_one_name_are_tried(network: Network) -> None:
    network.names["many.example.org"] = [f"93.184.215.{last}" for last in range(1, 100)]
    with pytest.raises(ConnectionRefusedError):
        open_vetted("many.example.org", 443, allow_private=False, seconds=lambda: 1.0)
    assert len(network.connected) == MAX_ADDRESSES_TRIED


def test_over_long_label_is_an_unknown_name() -> None:
    with pytest.raises(socket.gaierror):
        resolve("x" * 64 + ".example.org", 443, allow_private=False)


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.215.14", True, True),
        ("8.8.8.8", True, True),
        ("2606:2800:21f:cb07::1", True, True),
        ("2001:4860:4860::8888", True, True),
        ("::ffff:8.8.8.8", True, True),
        ("127.0.0.1", False, True),
        ("10.0.0.1", False, True),
        ("192.168.1.1", False, True),
        ("172.31.0.1", False, True),
        ("172.32.0.1", True, True),
        ("::1", False, True),
        ("fd12:3456::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fd00:ec2::254", False, False),
        ("fd20:ce::254", False, False),
        ("100.100.100.200", False, False),
        ("fe80::1", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("64:ff9b::7f00:1", False, False),
        ("2002:7f00:1::", False, False),
    ],
)
def test_address_table(address: str, *, public: bool, private: bool) -> None:
    parsed = ipaddress.ip_address(address)
    assert is_allowed(parsed, allow_private=False) is public
    assert is_allowed(parsed, allow_private=True) is private


@given(st.ip_addresses())
def test_nothing_that_python_calls_inner_is_allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inner: list[Callable[[], bool]] = [lambda: address.is_loopback, lambda: address.is_link_local, lambda: address.is_multicast]
    if not address.is_global or any(check() for check in inner):
        mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
        assert mapped or not is_allowed(address, allow_private=False)

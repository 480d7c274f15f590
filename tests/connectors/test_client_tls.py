import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.client import Client, ClientLimits, EndpointPolicy
from directory.core.errors import SourceRefused
from tests.fakes.source_server import SourceServer, ok

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example test authority")])
START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


def write_certificate(folder: Path, *, ends: dt.datetime = END) -> Path:
    """A self-signed certificate for feed.example.org and 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = [x509.DNSName("feed.example.org"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = x509.CertificateBuilder().subject_name(NAME).issuer_name(NAME).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(START).not_valid_after(ends)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    path = folder / "server.pem"
    key_bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key_bytes + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def serve_tls(certificate: Path) -> SourceServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return SourceServer({"/feed": ok(b"[]")}, tls=context)


def make_client(ca_file: Path | None) -> Client:
    policy = EndpointPolicy(allow_private=True, ca_file=ca_file)
    return Client(limits=ClientLimits(retries=2), policy=policy, rate=1000, user_agent="test")


@pytest.fixture(autouse=True)
def names_lead_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(_host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return write_certificate(tmp_path)


@pytest.fixture
def server(certificate: Path) -> Iterator[SourceServer]:
    with serve_tls(certificate) as started:
        yield started


def refusal(client: Client, url: str) -> str:
    with pytest.raises(SourceRefused) as caught:
        client.get(url, accept="application/json")
    return str(caught.value)


@pytest.mark.parametrize("host", ["feed.example.org", "127.0.0.1"])
def test_certificate_is_checked_against_the_name_though_the_socket_goes_to_the_address(
    host: str, server: SourceServer, certificate: Path
) -> None:
    with make_client(certificate) as client, client.get(f"https://{host}:{server.port}/feed", accept="application/json") as fetched:
        assert fetched.body.read() == b"[]"
    assert server.requests[0].headers["host"] == f"{host}:{server.port}"


def test_certificate_for_another_name(server: SourceServer, certificate: Path) -> None:
    with make_client(certificate) as client:
        message = refusal(client, f"https://other.example.org:{server.port}/feed")
    assert message == "other.example.org has no certificate that can be trusted for this name"
    assert server.requests == []


def test_certificate_of_an_unknown_authority(server: SourceServer) -> None:
    with make_client(None) as client:
        message = refusal(client, f"https://feed.example.org:{server.port}/feed")
    assert message == "feed.example.org has no certificate that can be trusted for this name"


def test_expired_certificate(tmp_path: Path) -> None:
    expired = write_certificate(tmp_path, ends=START + dt.timedelta(days=1))
    with serve_tls(expired) as server, make_client(expired) as client:
        message = refusal(client, f"https://feed.example.org:{server.port}/feed")
    assert message == "feed.example.org has no certificate that can be trusted for this name"


def test_environment_does_not_change_who_is_trusted(server: SourceServer, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    with make_client(None) as client:
        refusal(client, f"https://feed.example.org:{server.port}/feed")
    assert server.requests == []

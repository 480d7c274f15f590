"""Which addresses on the web (URLs) a connector may ask, and which redirects it may follow."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from connectors.addresses import check_address
from directory.core.errors import SourceRefused

DEFAULT_PORTS = {"https": 443, "http": 80}
MAX_URL_LENGTH = 8000

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# The last label decides whether a resolver may read the whole as a number: 127.1, 2130706433, 0x7f.1 (WHATWG URL, "ends in a number").
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9A-Fa-f]*)")
# Parsers disagree about these: some drop them, some end the host there.
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class EndpointPolicy:
    """What the configuration of a source allows beyond https on public addresses.

    `allow_private` also lifts the port list; it is for demos and institutions inside the same network.
    `ca_file` replaces the public certificate authorities, for institutions with their own.
    """

    allow_http: bool = False
    allow_private: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that passed `vet_url`: no user, no fragment, explicit host and port. The `url` may hold secrets in its query."""

    url: str
    scheme: str
    host: str
    port: int


def vet_url(url: str, policy: EndpointPolicy) -> Target:
    """Check everything about `url` that needs no network. Raises `SourceRefused` naming what is allowed."""
    if len(url) > MAX_URL_LENGTH:
        raise SourceRefused(f"the URL has {len(url)} characters; allowed are {MAX_URL_LENGTH}")
    if _AMBIGUOUS.search(url):
        raise SourceRefused("the URL holds white space, a control character or a backslash; write them percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise SourceRefused("the URL can't be read: its host or port is malformed; write https://host/path") from None
    scheme = _vet_scheme(parts, policy)
    if "@" in parts.netloc:
        raise SourceRefused("the URL holds a user name or password; give credentials as a token in the source's settings")
    host = _vet_host(parts.hostname or "", policy, bracketed="[" in parts.netloc)
    port = DEFAULT_PORTS[scheme] if port is None else port
    if not policy.allow_private and port not in DEFAULT_PORTS.values():
        raise SourceRefused(f"{host}: port {port} is not allowed; allowed are 80 and 443")
    shown_host = f"[{host}]" if ":" in host else host
    netloc = shown_host if port == DEFAULT_PORTS[scheme] else f"{shown_host}:{port}"
    return Target(urlunsplit((scheme, netloc, parts.path or "/", parts.query, "")), scheme, host, port)


def _vet_scheme(parts: SplitResult, policy: EndpointPolicy) -> str:
    allowed = ("https", "http") if policy.allow_http else ("https",)
    if parts.scheme not in allowed:
        raise SourceRefused(f"the URL starts with {parts.scheme[:20]!a}; allowed are {' and '.join(allowed)}")
    return parts.scheme


def _vet_host(host: str, policy: EndpointPolicy, *, bracketed: bool) -> str:
    """The host in lower case. Addresses written as numbers are checked here, names when they are looked up."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is not None and "%" not in host and bracketed == (address.version == 6):
        check_address(host, host, allow_private=policy.allow_private)
        return host
    if bracketed or len(host) > 253 or not _HOST_NAME.fullmatch(host):
        raise SourceRefused(f"the URL's host {host[:80]!a} is not a host name; allowed are letters a-z, digits, '-' and '.' (xn--...)")
    if _ENDS_IN_NUMBER.fullmatch(host):
        raise SourceRefused(f"{host} is a network address in an unusual notation; write four decimal numbers or a name")
    if "." not in host and not policy.allow_private:
        raise SourceRefused(f"{host} is not a full host name; write it with its domain")
    return host.lower()


def vet_redirect(origin: Target, location: str, policy: EndpointPolicy, *, stay: bool) -> Target:
    """The target of a redirect. `stay` is set when the request carries credentials: then it must not leave the service.

    Raises `SourceRefused`; a step from https down to http is always refused.
    """
    try:
        joined = urljoin(origin.url, location)
    except ValueError:
        raise SourceRefused(f"{origin.host} redirects to an address that can't be read") from None
    try:
        target = vet_url(joined, policy)
    except SourceRefused as exc:
        raise SourceRefused(f"{origin.host} redirects to a refused address: {exc}") from None
    if origin.scheme == "https" and target.scheme == "http":
        raise SourceRefused(f"{origin.host} redirects from https to http; allowed is https")
    if stay and not _is_same_service(origin, target):
        raise SourceRefused(f"{origin.host} redirects to {target.host}:{target.port}; with credentials a request stays on its host")
    return target


def _is_same_service(origin: Target, target: Target) -> bool:
    upgraded = (origin.scheme, origin.port, target.scheme, target.port) == ("http", 80, "https", 443)
    return origin.host == target.host and (upgraded or (origin.scheme, origin.port) == (target.scheme, target.port))

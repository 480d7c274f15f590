import pytest

from connectors.targets import EndpointPolicy, Target, vet_redirect, vet_url
from directory.core.errors import SourceRefused

PUBLIC = EndpointPolicy()
DEMO = EndpointPolicy(allow_http=True, allow_private=True)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://feed.example.org", Target("https://feed.example.org/", "https", "feed.example.org", 443)),
        ("HTTPS://Feed.Example.ORG:443/a?b=c#d", Target("https://feed.example.org/a?b=c", "https", "feed.example.org", 443)),
        ("https://feed.example.org:80/", Target("https://feed.example.org:80/", "https", "feed.example.org", 80)),
        ("https://8.8.8.8/x", Target("https://8.8.8.8/x", "https", "8.8.8.8", 443)),
        ("https://[2606:4700::1111]/x", Target("https://[2606:4700::1111]/x", "https", "2606:4700::1111", 443)),
        ("https://xn--bcher-kva.example.org/", Target("https://xn--bcher-kva.example.org/", "https", "xn--bcher-kva.example.org", 443)),
    ],
)
def test_good_url_is_brought_into_one_form(url: str, target: Target) -> None:
    assert vet_url(url, PUBLIC) == target


def test_demo_policy_admits_http_on_any_port_of_loopback() -> None:
    assert vet_url("http://localhost:8081/feed", DEMO) == Target("http://localhost:8081/feed", "http", "localhost", 8081)
    assert vet_url("http://[::1]:8081", DEMO) == Target("http://[::1]:8081/", "http", "::1", 8081)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://feed.example.org/", "the URL starts with 'http'; allowed are https"),
        ("ftp://feed.example.org/", "the URL starts with 'ftp'; allowed are https"),
        ("file:///etc/passwd", "the URL starts with 'file'; allowed are https"),
        ("feed.example.org/x", "the URL starts with ''; allowed are https"),
        (
            "https://ann:hush@feed.example.org/",
            "the URL holds a user name or password; give credentials as a token in the source's settings",
        ),
        ("https://feed.example.org:8443/", "feed.example.org: port 8443 is not allowed; allowed are 80 and 443"),
        ("https://feed.example.org:0/", "feed.example.org: port 0 is not allowed; allowed are 80 and 443"),
        ("https://feed.example.org:99999/", "the URL can't be read: its host or port is malformed; write https://host/path"),
        ("https://[::1/", "the URL can't be read: its host or port is malformed; write https://host/path"),
        (
            "https://feed.example.org/a b",
            "the URL holds white space, a control character or a backslash; write them percent-encoded",
        ),
        (
            "https://feed.example.org\\.example.net/",
            "the URL holds white space, a control character or a backslash; write them percent-encoded",
        ),
        (
            "https://feed.example.org\r\nHost: x",
            "the URL holds white space, a control character or a backslash; write them percent-encoded",
        ),
        ("https://feed/", "feed is not a full host name; write it with its domain"),
        (
            "https://b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example.org/",
            "the URL's host 'b\\xfccher.example.org' is not a host name; allowed are letters a-z, digits, '-' and '.' (xn--...)",
        ),
        ("https://1.2.3/", "1.2.3 is a network address in an unusual notation; write four decimal numbers or a name"),
        ("https://127.0.0.1/", "127.0.0.1 leads to an address that is not allowed; allowed are public addresses"),
        ("https://feed.example.org/" + "x" * 8000, "the URL has 8025 characters; allowed are 8000"),
    ],
)
def test_bad_url_is_refused_with_what_is_allowed(url: str, message: str) -> None:
    with pytest.raises(SourceRefused) as caught:
        vet_url(url, PUBLIC)
    assert str(caught.value) == message


def test_private_policy_still_refuses_link_local() -> None:
    with pytest.raises(SourceRefused) as caught:
        vet_url("http://169.254.169.254/latest", DEMO)
    assert (
        str(caught.value)
        == "169.254.169.254 leads to an address that is not allowed; allowed are public, loopback or private network addresses"
    )


ORIGIN = vet_url("https://feed.example.org/a/b?x=1", PUBLIC)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("c", "https://feed.example.org/a/c"),
        ("/c?d=e", "https://feed.example.org/c?d=e"),
        ("?page=2", "https://feed.example.org/a/b?page=2"),
        ("//other.example.org/c", "https://other.example.org/c"),
        ("https://other.example.org/c#d", "https://other.example.org/c"),
    ],
)
def test_redirect_is_resolved_against_where_it_came_from(location: str, url: str) -> None:
    assert vet_redirect(ORIGIN, location, PUBLIC, stay=False).url == url


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", "the URL starts with 'file'; allowed are https"),
        ("http://feed.example.org/", "the URL starts with 'http'; allowed are https"),
        ("https://127.0.0.1/", "127.0.0.1 leads to an address that is not allowed; allowed are public addresses"),
        ("https://[::1/", None),
    ],
)
def test_redirect_to_a_refused_url(location: str, message: str | None) -> None:
    with pytest.raises(SourceRefused) as caught:
        vet_redirect(ORIGIN, location, PUBLIC, stay=False)
    expected = f"redirects to a refused address: {message}" if message else "redirects to an address that can't be read"
    assert str(caught.value) == f"feed.example.org {expected}"


def test_redirect_never_leads_from_https_to_http() -> None:
    with pytest.raises(SourceRefused) as caught:
        vet_redirect(ORIGIN, "http://feed.example.org/", EndpointPolicy(allow_http=True), stay=False)
    assert str(caught.value) == "feed.example.org redirects from https to http; allowed is https"


@pytest.mark.parametrize(
    "location", ["https://other.example.org/", "https://feed.example.org:80/", "https://feed.example.org.example.net/"]
)
def test_request_with_credentials_stays_on_its_host(location: str) -> None:
    assert vet_redirect(ORIGIN, location, PUBLIC, stay=False).url == location
    with pytest.raises(SourceRefused, match="with credentials a request stays on its host"):
        vet_redirect(ORIGIN, location, PUBLIC, stay=True)


def test_request_with_credentials_may_move_up_to_https() -> None:
    policy = EndpointPolicy(allow_http=True)
    plain = vet_url("http://feed.example.org/a", policy)
    assert vet_redirect(plain, "https://feed.example.org/a", policy, stay=True).url == "https://feed.example.org/a"

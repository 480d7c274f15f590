import logging
import socket
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.client import AnswerRefused, AnswerUnavailable, Client, ClientLimits, EndpointPolicy, Fetched
from directory.core.errors import SourceRefused, SourceUnavailable
from tests.fakes.passing_time import PassingTime
from tests.fakes.source_server import (
    JSON_TYPE,
    Request,
    Response,
    Route,
    SourceServer,
    bomb,
    failing,
    gzipped,
    html_page,
    huge_header,
    in_turn,
    ok,
    redirect,
    with_validators,
)

JSON = "application/json"
LOOPBACK = EndpointPolicy(allow_http=True, allow_private=True)
SHORT = ClientLimits(connect_seconds=1.0, read_seconds=0.2, total_seconds=0.4)
HOST = "127.0.0.1"


@pytest.fixture
def server() -> Iterator[SourceServer]:
    with SourceServer({}) as started:
        yield started


@pytest.fixture
def passing() -> PassingTime:
    return PassingTime()


@pytest.fixture
def client(passing: PassingTime) -> Iterator[Client]:
    with make_client(passing) as made:
        yield made


def make_client(passing: PassingTime, limits: ClientLimits = SHORT, rate: float = 1000) -> Client:
    """A client for the loopback server; real deadlines, but its sleeps take no time."""
    return Client(limits=limits, policy=LOOPBACK, rate=rate, user_agent="directory-test (mailto:ops@example.org)", sleep=passing.sleep)


def backoffs(passing: PassingTime) -> list[float]:
    """The waits that are not the spacing of the rate limit (1 ms here)."""
    return [seconds for seconds in passing.slept if seconds > 0.01]


def serve(server: SourceServer, route: Route) -> str:
    server.routes["/feed"] = route
    return server.url("/feed")


def refusal(client: Client, url: str) -> str:
    with pytest.raises(SourceRefused) as caught:
        client.get(url, accept=JSON)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def unavailability(client: Client, url: str) -> str:
    with pytest.raises(SourceUnavailable) as caught:
        client.get(url, accept=JSON)
    assert caught.value.__suppress_context__
    return str(caught.value)


# What is sent and what comes back


def test_answer_is_received_completely(server: SourceServer, client: Client) -> None:
    url = serve(server, ok(b'{"mentors": []}', ETag='"v1"', Last_Modified="Mon, 06 Jan 2025 10:00:00 GMT"))
    with client.get(url + "?page=2#top", accept=JSON) as fetched:
        assert fetched.status == 200
        assert fetched.body.read() == b'{"mentors": []}'
        assert fetched.size == 15
        assert fetched.headers["content-TYPE"] == "application/json"
        assert fetched.url == url + "?page=2"
        assert (fetched.etag, fetched.last_modified) == ('"v1"', "Mon, 06 Jan 2025 10:00:00 GMT")
        assert fetched.not_modified is False
    assert fetched.body.closed
    (request,) = server.requests
    assert request.query == "page=2"
    assert request.headers == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "directory-test (mailto:ops@example.org)",
    }


def test_repr_holds_no_url_and_no_header(server: SourceServer, client: Client) -> None:
    with client.get(serve(server, ok(b"[]", ETag='"v1"')) + "?key=hush", accept=JSON) as fetched:
        assert repr(fetched) == "Fetched(status=200, not_modified=False, size=2)"


def test_own_headers_and_token_are_sent(server: SourceServer, client: Client) -> None:
    client.get(serve(server, ok(b"[]")), accept=JSON, headers={"X-Api-Key": "k"}, auth_token="secret").close()
    assert server.requests[0].headers["x-api-key"] == "k"
    assert server.requests[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("name", ["Host", "authorization", "Accept-Encoding", "Cookie", "If-None-Match"])
def test_headers_of_the_client_can_not_be_replaced(name: str, server: SourceServer, client: Client) -> None:
    with pytest.raises(SourceRefused) as caught:
        client.get(serve(server, ok(b"[]")), accept=JSON, headers={name: "x"})
    assert str(caught.value) == (
        f"header '{name}' can't be set; the client sets accept, accept-encoding, authorization, connection, content-length, cookie, "
        "host, if-modified-since, if-none-match, transfer-encoding, user-agent"
    )
    assert server.requests == []


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "a\nb", "", " ", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "a\x00b"])
def test_token_that_can_not_be_a_header_is_refused_without_being_shown(token: str, server: SourceServer, client: Client) -> None:
    with pytest.raises(SourceRefused) as caught:
        client.get(serve(server, ok(b"[]")), accept=JSON, auth_token=token)
    assert str(caught.value) == "header 'Authorization' can't be sent; allowed are visible ASCII characters and inner spaces"
    assert server.requests == []


def test_environment_gives_neither_proxy_nor_credentials(
    server: SourceServer, client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password hush\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client.get(serve(server, ok(b"[]")), accept=JSON).close()
    assert "authorization" not in server.requests[0].headers


def test_cookies_are_not_kept(server: SourceServer, client: Client) -> None:
    url = serve(server, ok(b"[]", Set_Cookie="session=1"))
    client.get(url, accept=JSON).close()
    client.get(url, accept=JSON).close()
    assert ["cookie" in request.headers for request in server.requests] == [False, False]


def test_connection_is_kept_for_the_next_page(server: SourceServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connects: list[object] = []
    real_connect = socket.socket.connect

    def counted_connect(sock: socket.socket, address: tuple[str, int]) -> None:
        connects.append(address)
        real_connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", counted_connect)
    url = serve(server, ok(b"[]"))
    for _ in range(3):
        client.get(url, accept=JSON).close()
    assert connects == [("127.0.0.1", server.port)]


@pytest.mark.parametrize("response", [gzipped(b"[1, 2]"), Response(200, JSON_TYPE, b"[1, 2]", chunked=True)])
def test_packed_and_chunked_bodies(response: Response, server: SourceServer, client: Client) -> None:
    with client.get(serve(server, response), accept=JSON) as fetched:
        assert (fetched.body.read(), fetched.size) == (b"[1, 2]", 6)


def test_large_body_stays_out_of_memory(server: SourceServer, passing: PassingTime) -> None:
    body = b"0123456789abcdef" * 2**19  # 8 MiB
    url = serve(server, ok(body))
    with make_client(passing, ClientLimits()) as client:
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        with client.get(url, accept=JSON) as fetched:
            peak = tracemalloc.get_traced_memory()[1] - before
            tracemalloc.stop()
            assert fetched.size == len(body)
            assert fetched.body.read() == body
    assert peak < 4 * 2**20


# Conditional requests


def test_same_etag_is_not_modified(server: SourceServer, client: Client) -> None:
    url = serve(server, with_validators(b"[]", etag='"v1"'))
    with client.get(url, accept=JSON) as first:
        assert first.etag == '"v1"'
    with client.get(url, accept=JSON, etag=first.etag) as second:
        assert (second.status, second.not_modified, second.size, second.body.read()) == (304, True, 0, b"")
        assert second.etag == '"v1"'
    with client.get(url, accept=JSON, etag='"v0"') as third:
        assert (third.status, third.not_modified) == (200, False)


def test_same_date_is_not_modified(server: SourceServer, client: Client) -> None:
    date = "Mon, 06 Jan 2025 10:00:00 GMT"
    url = serve(server, with_validators(b"[]", last_modified=date))
    with client.get(url, accept=JSON, last_modified=date) as fetched:
        assert (fetched.not_modified, fetched.last_modified) == (True, date)


def test_validators_are_kept_when_304_does_not_repeat_them(server: SourceServer, client: Client) -> None:
    with client.get(serve(server, Response(304)), accept=JSON, etag='"v1"', last_modified="Mon, 06 Jan 2025 10:00:00 GMT") as fetched:
        assert (fetched.etag, fetched.last_modified) == ('"v1"', "Mon, 06 Jan 2025 10:00:00 GMT")


def test_304_without_condition_is_refused(server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, Response(304))) == "127.0.0.1 answered 304; expected is 200"


def test_etag_that_could_not_be_sent_back_is_dropped(server: SourceServer, client: Client) -> None:
    with client.get(serve(server, ok(b"[]", ETag='"caf\N{LATIN SMALL LETTER E WITH ACUTE}"')), accept=JSON) as fetched:
        assert fetched.etag is None


# Statuses and retries


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 300, 204, 206])
def test_refusing_status_is_final(status: int, server: SourceServer, client: Client) -> None:
    url = serve(server, failing(status))
    with pytest.raises(AnswerRefused) as caught:
        client.get(url, accept=JSON)
    assert str(caught.value) == f"127.0.0.1 answered {status}; expected is 200"
    assert caught.value.status == status
    assert server.count("/feed") == 1


@pytest.mark.parametrize("status", [500, 501, 505])
def test_other_server_error_is_for_later_without_another_try(status: int, server: SourceServer, client: Client) -> None:
    with pytest.raises(AnswerUnavailable) as caught:
        client.get(serve(server, failing(status)), accept=JSON)
    assert (str(caught.value), caught.value.status) == (f"127.0.0.1 answered {status}; expected is 200", status)
    assert server.count("/feed") == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_busy_source_is_asked_five_times(status: int, server: SourceServer, client: Client, passing: PassingTime) -> None:
    with pytest.raises(AnswerUnavailable) as caught:
        client.get(serve(server, failing(status)), accept=JSON)
    assert (str(caught.value), caught.value.status) == (f"127.0.0.1 answered {status}; tried 5 times", status)
    assert server.count("/feed") == 5
    for wait, full in zip(backoffs(passing), (1, 2, 4, 8), strict=True):
        assert full / 2 <= wait <= full


def test_second_try_may_work(server: SourceServer, client: Client, passing: PassingTime) -> None:
    with client.get(serve(server, in_turn(failing(503), failing(502), ok(b"[]"))), accept=JSON) as fetched:
        assert fetched.body.read() == b"[]"
    assert len(backoffs(passing)) == 2


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, 7.0),
        ({"Retry_After": "86400"}, 300.0),
        ({"Retry_After": "9" * 400}, 300.0),
        ({"Retry_After": "Mon, 06 Jan 2025 10:00:30 GMT", "Date": "Mon, 06 Jan 2025 10:00:00 GMT"}, 30.0),
        ({"Retry_After": "Mon, 06 Jan 2025 12:00:00 GMT", "Date": "Mon, 06 Jan 2025 10:00:00 GMT"}, 300.0),
        ({"Retry_After": "Mon, 06 Jan 2025 09:00:00 GMT", "Date": "Mon, 06 Jan 2025 10:00:00 GMT"}, 0.0),
    ],
)
def test_wish_of_the_server_sets_the_wait(
    headers: dict[str, str], wait: float, server: SourceServer, client: Client, passing: PassingTime
) -> None:
    client.get(serve(server, in_turn(failing(429, **headers), ok(b"[]"))), accept=JSON).close()
    assert [seconds for seconds in passing.slept if seconds > 0.01 or seconds == 0] == [wait]


@pytest.mark.parametrize("value", ["soon", "-5", "1.5", "Mon, 06 Jan 2025 10:00:30 GMT", "Mon, 99 Jan 2025 10:00:30 GMT", "\u00b2"])
def test_unreadable_wish_means_the_usual_wait(value: str, server: SourceServer, client: Client, passing: PassingTime) -> None:
    client.get(serve(server, in_turn(failing(429, Retry_After=value), ok(b"[]"))), accept=JSON).close()
    (wait,) = backoffs(passing)
    assert 0.5 <= wait <= 1.0


# Broken transfers


def test_stall_in_the_middle(server: SourceServer, client: Client) -> None:
    url = serve(server, in_turn(Response(200, JSON_TYPE, b"[1, 2]", stall_after=3), ok(b"[]")))
    with client.get(url, accept=JSON) as fetched:
        assert fetched.body.read() == b"[]"
    assert server.count("/feed") == 2


def test_silent_source(server: SourceServer, passing: PassingTime) -> None:
    url = serve(server, Response(stall_head=True))
    with make_client(passing, ClientLimits(read_seconds=0.1, total_seconds=1.0, retries=1)) as client:
        assert unavailability(client, url) == "127.0.0.1 stopped sending before its answer was complete; tried 2 times"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, JSON_TYPE, b"[1, 2]", reset_after=3),
        Response(200, JSON_TYPE, b"[1, 2]", close_after=3),
        Response(200, JSON_TYPE, b"[1, 2]", length=100),
        Response(raw=b""),
        Response(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n"),
        Response(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[1,\r\n"),
        Response(raw=b"SSH-2.0-OpenSSH_9.6\r\n"),
        Response(200, {**JSON_TYPE, "Content-Encoding": "gzip"}, gzipped(b"[1, 2]").body[:-4]),
    ],
    ids=["reset", "closed", "short", "empty", "chunk missing", "chunk size", "not HTTP", "gzip cut"],
)
def test_broken_transfer_is_tried_again(response: Response, server: SourceServer, passing: PassingTime) -> None:
    with make_client(passing, ClientLimits(retries=1)) as client:
        message = unavailability(client, serve(server, response))
        assert message == "127.0.0.1 closed the connection before its answer was complete; tried 2 times"
        assert server.count("/feed") == 2
        with client.get(serve(server, in_turn(response, ok(b"[]"))), accept=JSON) as fetched:
            assert fetched.body.read() == b"[]"


def test_closed_port(passing: PassingTime) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with make_client(passing) as client:
            assert unavailability(client, f"http://127.0.0.1:{port}/") == "127.0.0.1 did not accept a connection; tried 5 times"


@pytest.mark.parametrize(
    "response",
    [
        Response(200, JSON_TYPE, b"[" + b" " * 10_000 + b"]", drip=0.02),
        Response(raw=b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 10_000, drip=0.02),
        Response(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, drip=0.02),
        Response(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 1000, drip=0.02),
    ],
    ids=["body", "headers", "continue", "chunks"],
)
def test_slow_drip_ends_at_the_deadline_and_is_not_tried_again(response: Response, server: SourceServer, passing: PassingTime) -> None:
    """Time between two reads is long, so that only the deadline can end it, however busy the machine is."""
    with make_client(passing, replace(SHORT, connect_seconds=5, read_seconds=5)) as client:
        assert unavailability(client, serve(server, response)) == "127.0.0.1 did not finish its answer in 0.4 s"
    assert server.count("/feed") == 1


# Size


def test_body_over_the_limit(server: SourceServer, passing: PassingTime) -> None:
    limits = ClientLimits(max_bytes=1000)
    with make_client(passing, limits) as client:
        assert refusal(client, serve(server, ok(b"x" * 1001))) == "127.0.0.1 announced 1001 bytes; allowed are 1000"
        chunked = Response(200, JSON_TYPE, b"x" * 1001, chunked=True)
        assert refusal(client, serve(server, chunked)) == "127.0.0.1 sent more than 1000 bytes; allowed are 1000 after unpacking"
        assert refusal(client, serve(server, gzipped(b"x" * 1001))) == (
            "127.0.0.1 sent more than 1000 bytes; allowed are 1000 after unpacking"
        )
        client.get(serve(server, ok(b"x" * 1000)), accept=JSON).close()
        client.get(serve(server, gzipped(b"x" * 1000)), accept=JSON).close()
    assert server.count("/feed") == 5


def test_bomb_is_stopped_by_its_ratio_in_little_memory(server: SourceServer, client: Client) -> None:
    response = bomb(128 * 2**20)
    assert len(response.body) < 2**18
    url = serve(server, response)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    message = refusal(client, url)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    assert message == "127.0.0.1 sent a body that unpacks to more than 100 times its size; allowed is 100:1"
    assert peak < 8 * 2**20


def test_bomb_is_stopped_by_its_size(server: SourceServer, passing: PassingTime) -> None:
    with make_client(passing, ClientLimits(max_bytes=10 * 2**20, max_ratio=10_000)) as client:
        assert refusal(client, serve(server, bomb(64 * 2**20))) == (
            "127.0.0.1 sent more than 10485760 bytes; allowed are 10485760 after unpacking"
        )


def test_redirect_with_an_endless_body_is_not_read(server: SourceServer, client: Client) -> None:
    server.routes["/real"] = ok(b"[]")
    moved = Response(302, {"Location": "/real", "Content-Encoding": "gzip"}, bomb(64 * 2**20).body, stall_after=1000)
    with client.get(serve(server, moved), accept=JSON) as fetched:
        assert fetched.body.read() == b"[]"


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "x"])
def test_other_packing_is_refused(coding: str, server: SourceServer, client: Client) -> None:
    url = serve(server, ok(b"[]", Content_Encoding=coding))
    assert refusal(client, url) == f"127.0.0.1 packed its answer as '{coding}'; allowed are gzip or nothing"


def test_body_that_is_not_gzip_though_it_says_so(server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, ok(b"[]", Content_Encoding="gzip"))) == "127.0.0.1 sent a body that is not valid gzip"


@pytest.mark.parametrize(
    "response",
    [huge_header(70_000), Response(200, {f"X-{number}": "x" for number in range(150)}), Response(raw=b"x" * 70_000 + b"\r\n")],
    ids=["long line", "many lines", "long status"],
)
def test_too_many_header_bytes(response: Response, server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, response)) == "127.0.0.1 sent headers that are too large; allowed are 100 lines of 64 KiB"
    assert server.count("/feed") == 1


# Kind of content


def test_html_page_instead_of_json(server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, html_page())) == "127.0.0.1 answered with an HTML page; expected is application/json"


def test_html_page_that_was_asked_for(server: SourceServer, client: Client) -> None:
    client.get(serve(server, html_page()), accept="text/html").close()


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_on_the_same_host(status: int, server: SourceServer, client: Client) -> None:
    server.routes["/new/feed"] = ok(b"[]")
    url = serve(server, redirect("/new/feed?a=b#c", status))
    with client.get(url, accept=JSON, auth_token="secret") as fetched:
        assert fetched.url == server.url("/new/feed?a=b")
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer secret", "Bearer secret"]


def test_redirect_to_another_host_is_for_requests_without_credentials(server: SourceServer, client: Client) -> None:
    with SourceServer({"/": ok(b"[]")}) as other:
        url = serve(server, redirect(other.url("/")))
        client.get(url, accept=JSON).close()
        assert other.count("/") == 1
        for credentials in ({"auth_token": "secret"}, {"headers": {"X-Api-Key": "k"}}):
            with pytest.raises(SourceRefused) as caught:
                client.get(url, accept=JSON, **credentials)
            assert str(caught.value) == f"127.0.0.1 redirects to 127.0.0.1:{other.port}; with credentials a request stays on its host"
        assert other.count("/") == 1


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("file:///etc/passwd", "redirects to a refused address: the URL starts with 'file'; allowed are https and http"),
        ("javascript:alert(1)", "redirects to a refused address: the URL starts with 'javascript'; allowed are https and http"),
        (
            "http://169.254.169.254/latest/meta-data?key=hush",
            "redirects to a refused address: 169.254.169.254 leads to an address that is not allowed; "
            "allowed are public, loopback or private network addresses",
        ),
        (
            "http://ann:hush@127.0.0.1/",
            "redirects to a refused address: the URL holds a user name or password; give credentials as a token in the source's settings",
        ),
        (
            "/a b",
            "redirects to a refused address: the URL holds white space, a control character or a backslash; write them percent-encoded",
        ),
        ("", "answered 302 without saying where to go"),
    ],
)
def test_bad_redirect(location: str, message: str, server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, redirect(location))) == f"127.0.0.1 {message}"
    assert len(server.requests) == 1


def test_redirect_loop(server: SourceServer, client: Client) -> None:
    assert refusal(client, serve(server, redirect("/feed"))) == "127.0.0.1 redirects more than 2 times"
    assert server.count("/feed") == 3


def test_two_redirects_in_a_row(server: SourceServer, client: Client) -> None:
    server.routes |= {"/b": redirect("/c"), "/c": ok(b"[]")}
    client.get(serve(server, redirect("/b")), accept=JSON).close()


def test_redirect_to_a_name_of_an_inner_address(server: SourceServer, monkeypatch: pytest.MonkeyPatch, passing: PassingTime) -> None:
    """The name is public when the feed is configured and leads inside when the redirect is followed."""
    real = socket.getaddrinfo

    def rebinding(host: str, port: int, **kwargs: int) -> object:
        if host == "evil.example.org":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", port))]
        return real(host, port, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with make_client(passing) as client:
        message = refusal(client, serve(server, redirect("http://evil.example.org/")))
    assert message == (
        "evil.example.org leads to an address that is not allowed; allowed are public, loopback or private network addresses"
    )


# Manners and secrets


def test_requests_to_one_host_are_spaced(server: SourceServer, passing: PassingTime) -> None:
    with Client(
        limits=ClientLimits(), policy=LOOPBACK, rate=4, user_agent="test", sleep=passing.sleep, monotonic=passing.monotonic
    ) as client:
        url = serve(server, ok(b"[]"))
        for _ in range(3):
            client.get(url, accept=JSON).close()
    assert passing.slept == [0.25, 0.25]


@pytest.mark.parametrize("rate", [0, -1, 1001, float("nan")])
def test_impossible_rate(rate: float) -> None:
    with pytest.raises(ValueError, match=r"allowed is more than 0 and at most 1000 requests per second"):
        Client(limits=ClientLimits(), policy=LOOPBACK, rate=rate, user_agent="test")


def test_missing_ca_file(tmp_path: Path) -> None:
    policy = EndpointPolicy(ca_file=tmp_path / "ca.pem")
    with pytest.raises(SourceRefused) as caught:
        Client(limits=ClientLimits(), policy=policy, rate=1, user_agent="test")
    assert str(caught.value) == "the file of certificate authorities is missing: 'ca.pem'"


@pytest.mark.parametrize(
    "response",
    [
        failing(404),
        failing(500),
        failing(429),
        Response(raw=b""),
        huge_header(70_000),
        Response(200, JSON_TYPE, b"[1, 2]", reset_after=3),
        Response(raw=b"HTTP/1.1 200 OK\r\nbroken header\r\n\r\n"),
        redirect("http://169.254.169.254/?key=hush"),
        ok(b"[]"),
    ],
)
def test_no_secret_in_messages_and_logs(
    response: Response, server: SourceServer, passing: PassingTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    texts = []
    with make_client(passing, ClientLimits(retries=1)) as client:
        try:
            client.get(serve(server, response) + "?key=hush", accept=JSON, auth_token="hush").close()
        except (SourceRefused, SourceUnavailable) as exc:
            texts += [str(exc), repr(exc)]
    texts += [record.getMessage() for record in caplog.records]
    assert caplog.records
    assert [text for text in texts if "hush" in text or "broken header" in text] == []
    assert [record for record in caplog.records if record.exc_info] == []


def test_http_needs_configuration(server: SourceServer) -> None:
    with Client(limits=SHORT, policy=EndpointPolicy(allow_private=True), rate=1, user_agent="test") as client:
        assert refusal(client, serve(server, ok(b"[]"))) == "the URL starts with 'http'; allowed are https"
    assert server.requests == []


def test_fetched_closes_by_itself_when_reading_fails(server: SourceServer, client: Client) -> None:
    def read_and_fail(fetched: Fetched) -> None:
        with fetched:
            raise LookupError

    fetched = client.get(serve(server, ok(b"[]")), accept=JSON)
    with pytest.raises(LookupError):
        read_and_fail(fetched)
    assert fetched.body.closed


def test_server_counts_by_path(server: SourceServer, client: Client) -> None:
    def echo(request: Request) -> Response:
        return ok(request.query.encode())

    with client.get(serve(server, echo) + "?a=1", accept=JSON) as fetched:
        assert fetched.body.read() == b"a=1"
    assert (server.count("/feed"), server.count("/other")) == (1, 0)

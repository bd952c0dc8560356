"""The transport against real sockets on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from helpers import console
from helpers.read.web import cache, client, destinations
from helpers.read.web import request as web_request

BUNDLE = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """A cache of its own for each test, and no proxies."""
    monkeypatch.setenv("AUTORESEARCH_CACHE", str(tmp_path / "cache"))
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return tmp_path / "cache"


@pytest.fixture
def base(httpserver):
    """The server's address, without the last slash."""
    return httpserver.url_for("").rstrip("/")


def paths_asked(httpserver):
    """The paths that were asked for, in order."""
    return [request.path for request, _ in httpserver.log]


def test_a_fresh_answer_costs_no_request(httpserver, base):
    """Within its ttl a remembered answer is given without asking; `fresh` asks anyway."""
    httpserver.expect_request("/x").respond_with_data("body")
    first = client.get(base + "/x", trusted=[base], ttl=60)
    second = client.get(base + "/x", trusted=[base], ttl=60)
    third = client.get(base + "/x", trusted=[base], ttl=60, fresh=True)
    assert [False, True, False] == [first.from_cache, second.from_cache, third.from_cache]
    assert 2 == len(httpserver.log)
    assert b"body" == second.body


def test_an_etag_is_honoured(httpserver, base):
    """An old answer is asked for with its ETag; a 304 gives it back, with the newer rate limit."""

    def answer(request):
        same = request.headers.get("If-None-Match") == '"v1"'
        headers = {"ETag": '"v1"', "X-RateLimit-Remaining": "41" if same else "42"}
        return Response("" if same else "body", 304 if same else 200, headers)

    httpserver.expect_request("/x").respond_with_handler(answer)
    client.get(base + "/x", trusted=[base], ttl=0)
    again = client.get(base + "/x", trusted=[base], ttl=0)
    assert (200, b"body", True, "41") == (
        again.status,
        again.body,
        again.from_cache,
        again.headers["x-ratelimit-remaining"],
    )


def test_a_token_is_sent_but_never_stored(httpserver, base, own_cache):
    """Tokens and keys go out in the request; no file of the cache holds them, and answers with and without differ."""
    httpserver.expect_request("/x").respond_with_handler(lambda r: Response(r.headers.get("Authorization", "none")[:4]))
    with_token = client.get(base + "/x", trusted=[base], ttl=60, token="s3cret-tok", secret_params={"api_key": "k3y"})
    without = client.get(base + "/x", trusted=[base], ttl=60)
    assert (b"Bear", b"none") == (with_token.body, without.body)
    assert "k3y" == httpserver.log[0][0].args["api_key"]
    stored = b"".join(f.read_bytes() + f.name.encode() for f in own_cache.iterdir())
    assert b"s3cret" not in stored
    assert b"k3y" not in stored
    assert "k3y" not in with_token.url


def test_a_token_stays_with_its_host(httpserver, base):
    """A redirect to another port drops the token and every other secret header; one on the same host keeps it."""
    from pytest_httpserver import HTTPServer

    seen = {}

    def note(request):
        seen[request.path] = dict(request.headers)
        return Response("end")

    with HTTPServer() as other:
        httpserver.expect_request("/a").respond_with_data("", 302, {"Location": other.url_for("/away")})
        httpserver.expect_request("/b").respond_with_data("", 301, {"Location": "/here"})
        other.expect_request("/away").respond_with_handler(note)
        httpserver.expect_request("/here").respond_with_handler(note)
        for path in ("/a", "/b"):
            client.get(base + path, trusted=[base], token="t", headers={"X-API-Key": "k"})
    assert ("Bearer t", "k") == (seen["/here"]["Authorization"], seen["/here"]["X-Api-Key"])
    assert {"Authorization", "X-Api-Key"}.isdisjoint(seen["/away"])


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/",
        "ftp://example.org/x",
        "file:///etc/passwd",
    ],
)
def test_no_redirect_into_a_private_network(httpserver, base, target):
    """A redirect to a private address, or to another scheme, is refused without a connection."""
    httpserver.expect_request("/x").respond_with_data("", 302, {"Location": target})
    with pytest.raises(console.Failure) as failure:
        client.get(base + "/x", trusted=[base])
    assert console.REFUSED == failure.value.code


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"]
)
def test_loopback_is_not_reached_unless_the_user_set_it(httpserver, host):
    """However the name of this machine is written, nothing is sent to it when no service was set to be there."""
    with pytest.raises(console.Failure) as failure:
        client.get(f"https://{host}:{httpserver.port}/x")
    assert failure.value.code in (console.REFUSED, console.OUTSIDE)
    assert [] == httpserver.log


def test_redirects_end(httpserver, base):
    """A circle of redirects is given up after five."""
    httpserver.expect_request("/x").respond_with_data("", 302, {"Location": "/x"})
    with pytest.raises(console.Failure, match="redirects"):
        client.get(base + "/x", trusted=[base])
    assert 6 == len(httpserver.log)


def test_a_short_retry_after_is_waited_for(httpserver, base):
    """A service that asks for a moment is asked again after it."""
    httpserver.expect_ordered_request("/x").respond_with_data("slow down", 429, {"Retry-After": "0"})
    httpserver.expect_ordered_request("/x").respond_with_data("", 503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    httpserver.expect_ordered_request("/x").respond_with_data("body")
    assert b"body" == client.get(base + "/x", trusted=[base]).body


def test_a_long_retry_after_fails_at_once_and_is_remembered(httpserver, base):
    """One request is spent to hear "15 hours"; the next call spends none, whatever it asks of that service."""
    httpserver.expect_request("/x").respond_with_data("", 429, {"Retry-After": "54000"})
    with pytest.raises(client.SourceThrottled, match=r"15\.0 h") as first:
        client.get(base + "/x", trusted=[base])
    with pytest.raises(client.SourceThrottled) as second:
        client.get(base + "/y", trusted=[base])
    assert 1 == len(httpserver.log)
    assert (54_000, 429) == (first.value.retry_after, first.value.status)
    assert 53_990 < second.value.retry_after <= 54_001  # the moment is remembered as a file time, rounded
    assert 0 == cache.closed_until("elsewhere")


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{soon}"}, "", 600),
        ({"Retry-After": "90"}, "", 90),
        ({}, "You have exceeded a secondary rate limit.", 60),
    ],
)
def test_a_403_that_means_a_limit_is_throttling(httpserver, base, headers, body, wait):
    """Limits said by 403 (GitHub's way) are throttling, with the time from the reset, Retry-After, or a minute."""
    headers = {k: v.format(soon=int(time.time()) + 600) for k, v in headers.items()}
    httpserver.expect_request("/x").respond_with_data(body, 403, headers)
    with pytest.raises(client.SourceThrottled) as failure:
        client.get(base + "/x", trusted=[base])
    assert wait == pytest.approx(failure.value.retry_after, abs=5)


def test_other_4xx_are_answers(httpserver, base):
    """404 and a plain 403 are returned, not raised and not retried."""
    httpserver.expect_request("/x").respond_with_data("no", 404)
    httpserver.expect_request("/y").respond_with_data("private", 403)
    assert [404, 403] == [client.get(base + p, trusted=[base]).status for p in ("/x", "/y")]
    assert 2 == len(httpserver.log)


def test_a_remembered_answer_outlives_the_service(httpserver, base, capsys):
    """When the service fails, an older answer is given, marked as stale, and said to be so."""
    httpserver.expect_ordered_request("/x").respond_with_data("body")
    httpserver.expect_ordered_request("/x").respond_with_data("", 429, {"Retry-After": "1000"})
    client.get(base + "/x", trusted=[base], ttl=0)
    again = client.get(base + "/x", trusted=[base], ttl=0)
    assert (b"body", True, True) == (again.body, again.from_cache, again.stale)
    assert "throttling" in capsys.readouterr().err


def test_the_budget_counts_every_request(httpserver, base):
    """Retries and redirects count; nothing is asked beyond the number allowed."""
    httpserver.expect_request("/x").respond_with_data("", 500)
    budget = client.Budget(2)
    with pytest.raises(client.RequestsSpent):
        client.get(base + "/x", trusted=[base], budget=budget)
    assert (2, 2) == (budget.used, len(httpserver.log))


def test_size_is_limited(httpserver, base):
    """A body beyond the limit is refused: by its Content-Length, and while it streams or inflates."""
    import gzip

    def packed(_):
        return Response(gzip.compress(b"0" * 5_000_000), headers={"Content-Encoding": "gzip"})

    httpserver.expect_request("/long").respond_with_data("x" * 100_000)
    httpserver.expect_request("/stream").respond_with_handler(lambda _: Response(b"x" * 1000 for _ in range(100)))
    httpserver.expect_request("/packed").respond_with_handler(packed)
    for path in ("/long", "/stream", "/packed"):
        with pytest.raises(console.Failure, match="more than the 50,000 bytes"):
            client.get(base + path, trusted=[base], max_bytes=50_000)


def raw_server(behave):
    """A server that speaks HTTP as badly as `behave(connection)` does; returns its address."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection):
        with connection:
            connection.recv(65536)
            with contextlib.suppress(OSError):
                behave(connection)

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


def dripping(connection):
    """Send a header line again and again: each read is quick, the whole never ends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-More: yes\r\n")
        time.sleep(0.02)


def truncated(connection):
    """Promise 100 bytes, send 4 and hang up."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


@pytest.mark.parametrize(
    ("behave", "seconds", "words"), [(dripping, 0.3, "within 0.3 s"), (truncated, 60, "no whole answer")]
)
def test_bad_servers_end_in_a_plain_failure(behave, seconds, words):
    """A server that drips for ever, or hangs up in the middle, is an outside failure and no half answer."""
    listener, url = raw_server(behave)
    with listener, pytest.raises(client.Unreachable, match=words):
        client.get(url, trusted=[url], timeout=seconds, patience=0)


def test_without_a_network_it_is_said_at_once():
    """A name that cannot be resolved is not tried again."""
    budget = client.Budget(9)
    with pytest.raises(client.Unreachable, match="no network"):
        client.get("https://papers.invalid/x", budget=budget)
    assert 1 == budget.used


def test_pace_holds_across_processes(httpserver, base):
    """Two processes asking one service keep their distance together, without knowing of each other."""
    arrivals = []

    def note(_):
        arrivals.append(time.monotonic())
        return Response("x")

    httpserver.expect_request("/x").respond_with_handler(note)
    code = f"""
import sys; sys.path.insert(0, {str(BUNDLE)!r})
from helpers.read.web import client
for _ in range(2): client.get({base + "/x"!r}, trusted=[{base!r}], pace=0.4)
"""
    began = time.monotonic()
    both = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [0, 0] == [p.wait(120) for p in both]
    assert 4 == len(arrivals)
    assert arrivals[-1] - began > 3 * 0.4  # no gap by itself: on a loaded machine an arrival is noted late


def test_no_writable_cache_is_no_obstacle(httpserver, base, monkeypatch, tmp_path):
    """A folder among the temporary ones stands in; where that cannot be either, only nothing is remembered."""
    monkeypatch.setenv("AUTORESEARCH_CACHE", "/proc/nowhere")
    httpserver.expect_request("/x").respond_with_data("body")
    for temporary, remembered in (("/proc/neither", False), (str(tmp_path), True)):
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        answers = [client.get(base + "/x", trusted=[base], ttl=60).from_cache for _ in range(2)]
        assert [False, remembered] == answers


def test_a_page_for_robots_is_not_json(httpserver, base):
    """HTML with status 200 where JSON was expected is a failure that shows what came."""
    httpserver.expect_request("/x").respond_with_data("<html>Are you a robot?</html>")
    with pytest.raises(console.Failure, match=r"not JSON.*robot"):
        client.get(base + "/x", trusted=[base]).json()


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_hidden_in_ipv6_is_judged_by_itself(ip):
    """Mapped, 6to4 and NAT64 forms of an address are as public as the address."""
    n = int(ip)
    forms = [f"::ffff:{ip}", f"64:ff9b::{n >> 16:x}:{n & 0xFFFF:x}", f"2002:{n >> 16:x}:{n & 0xFFFF:x}::1"]
    assert [destinations.is_public(str(ip))] * 3 == [destinations.is_public(f) for f in forms]


@pytest.fixture
def tls(tmp_path):
    """A server with a certificate for localhost that only whoever is told will trust.

    Returns it and the certificate.
    """
    import datetime
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from pytest_httpserver import HTTPServer

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "server.pem"
    file.write_bytes(private + pem)
    (tmp_path / "ca.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with HTTPServer(ssl_context=context) as server:
        yield server, tmp_path / "ca.pem"


def test_certificates_are_checked(tls, monkeypatch):
    """A certificate of nobody's is refused.

    One that the person trusts by $SSL_CERT_FILE is taken, over TLS anyway.
    """
    server, ca = tls
    url = server.url_for("/x")
    server.expect_request("/x").respond_with_data("secret")
    web_request._certificates.cache_clear()
    with pytest.raises(client.Unreachable, match="certificate"):
        client.get(url, trusted=[url], timeout=60, patience=0)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    web_request._certificates.cache_clear()
    assert b"secret" == client.get(url, trusted=[url], timeout=60).body
    with pytest.raises(console.Failure, match="private network"):
        client.get(url)
    web_request._certificates.cache_clear()
    assert 1 == len(server.log)


def test_a_proxy_of_the_environment_is_used(monkeypatch):
    """With a proxy set, the connection goes through it, by name; private addresses are refused even so."""
    heard = []

    def refuse(connection):
        connection.sendall(b"HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n")

    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                heard.append(connection.recv(65536))
                refuse(connection)

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listener.getsockname()[1]}")
    with listener:
        with pytest.raises(client.Unreachable):
            client.get("https://papers.example/x", token="tok", timeout=60, patience=0)
        with pytest.raises(console.Failure, match="private network"):
            client.get("https://192.168.1.1/x")
    assert heard[0].startswith(b"CONNECT papers.example:443 ")
    assert not any(b"tok" in said for said in heard)

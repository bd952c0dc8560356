"""One request and its answer over HTTP, within limits of time and size. The only module that imports httpx."""

import contextlib
import errno
import functools
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from helpers import console
from helpers.read.web import destinations
from helpers.read.web.response import Response, Unreachable


class Watch:
    """Checks where a connection ends before anything is sent, and cuts it when the whole takes too long.

    httpx only limits each single read, so that a server that drips a byte at a time could hold us for ever.
    """

    def __init__(self, seconds: float, allowed: destinations.Reach | None, host: str) -> None:
        """`allowed`: which peers, None where a proxy makes the connection; it begins to count on entry."""
        self.allowed, self.host, self.over = allowed, host, False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Receive httpx's `trace` extension: a new connection, or the same under TLS."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        stream = info["return_value"]
        self._socket = stream.get_extra_info("socket")
        if self.allowed and event.endswith("connect_tcp.complete"):
            try:
                destinations.check_peer(str(stream.get_extra_info("server_addr")[0]), self.allowed, self.host)
            except console.Failure:
                stream.close()
                raise

    def _cut(self) -> None:
        self.over = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def send(
    target: str, shown: str, headers: dict[str, str], allowed: destinations.Reach, *, timeout: float, max_bytes: int
) -> Response:
    """Send one GET and read its answer within the limits (seconds, bytes). `shown` is `target` without secrets.

    Raises Unreachable where nothing or not all comes, Failure (3) where too much does.
    """
    import httpx

    host = destinations.origin(target)[1]
    proxy = None if destinations.is_loopback(host) else _proxy(target, host)
    watch = Watch(timeout, None if proxy else allowed, host)
    limits = httpx.Timeout(min(timeout, 20.0), connect=min(timeout, 10.0))
    try:
        with (
            httpx.Client(verify=_certificates(), trust_env=False, proxy=proxy, timeout=limits) as client,
            watch,
            client.stream(
                "GET", target, headers={"user-agent": user_agent(), **headers}, extensions={"trace": watch.trace}
            ) as r,
        ):
            body = _read(r.iter_bytes(), r.headers.get("content-length"), max_bytes, host)
            return Response(r.status_code, {k.lower(): v for k, v in r.headers.items()}, body, shown)
    except httpx.InvalidURL:
        raise console.usage(f"not an address: {shown!r}") from None
    except (httpx.TransportError, httpx.DecodingError, OSError) as error:
        if _offline(error):
            raise Unreachable(host, "no network here, or none to there", offline=True) from None
        slow = watch.over or isinstance(error, httpx.TimeoutException)
        what = f"no whole answer within {timeout:g} s" if slow else f"no whole answer ({type(error).__name__}: {error})"
        raise Unreachable(host, what) from None


def _offline(error: BaseException | None) -> bool:
    """Whether no name could be resolved, or no route found: a sandbox, mostly."""
    while error is not None:
        if isinstance(error, socket.gaierror) or getattr(error, "errno", None) in (
            errno.ENETUNREACH,
            errno.EHOSTUNREACH,
        ):
            return True
        error = error.__cause__ or error.__context__
    return False


def _read(chunks: Iterator[bytes], length: str | None, most: int, host: str) -> bytes:
    too_long = console.outside(
        f"{host} sends more than the {most:,} bytes allowed here", "raise the limit, or leave it"
    )
    if length and length.isdigit() and int(length) > most:
        raise too_long
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > most:
            raise too_long
    return bytes(body)


def user_agent() -> str:
    """Name ourselves, with the user's address when $AUTORESEARCH_CONTACT gives one (services are kinder then)."""
    contact = os.environ.get("AUTORESEARCH_CONTACT", "").strip()
    who = f"; mailto:{contact}" if contact.isprintable() and contact.isascii() and contact else ""
    return f"autoresearch-skill/0.1 (literature search of one developer{who})"


def _proxy(url: str, host: str) -> str | None:
    """Return the proxy of the environment.

    It resolves names itself, so that only literal addresses are checked then.
    """
    from urllib.request import getproxies_environment, proxy_bypass

    if proxy_bypass(host):
        return None
    proxies = getproxies_environment()
    return proxies.get(urlsplit(url).scheme) or proxies.get("all")


@functools.lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Trust what the system trusts (and $SSL_CERT_FILE), which httpx alone does not.

    Mozilla's list where that is empty.
    """
    context = ssl.create_default_context()
    if not context.get_ca_certs() and not os.environ.get("SSL_CERT_FILE"):
        import certifi

        context.load_verify_locations(certifi.where())
    return context

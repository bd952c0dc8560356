"""Where a request may go: public addresses over https, and whatever service address the user has set.

A link, a redirect or a DNS answer from outside must not be able to point us at the user's own network.
"""

import ipaddress
from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

from helpers import console

Reach = Literal["any", "loopback", "public"]
"""Which peers a connection may end at."""
Origin = tuple[str, str, int]
"""Scheme, host, port."""


def origin(url: str) -> Origin:
    """Return scheme, host and port of `url`; raises Failure (2) for what is not a plain http(s) address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise console.usage(f"not an address: {url!r} ({error})") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise console.refused(f"only http(s) addresses are fetched, not {url!r}")
    if parts.username or parts.password:
        raise console.refused(f"an address with a name or password in it is not fetched (host {parts.hostname})")
    return parts.scheme, parts.hostname.rstrip("."), port or (443 if parts.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether the host, a name or an address, is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet (also when an IPv4 address hides in an IPv6 one)."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def reach(url: str, trusted: Iterable[str]) -> Reach:
    """Return which peers a request for `url` may connect to; raises Failure (4) when it may not be made at all.

    `trusted` are the service addresses that the user has set: their own origin may be anywhere (plain http only on
    loopback), and when one is on loopback, so may be what it links to.
    """
    scheme, host, _ = here = origin(url)
    own = [origin(base) for base in trusted if base]
    if here in own and (scheme == "https" or is_loopback(host)):
        return "any" if scheme == "https" else "loopback"
    if is_loopback(host) and any(is_loopback(base[1]) for base in own):
        return "loopback"
    if scheme != "https":
        raise console.refused(f"plain http is not fetched: {url}", "use the https address")
    if is_loopback(host) or not _maybe_public(host):
        raise console.refused(f"{host} is an address of this machine or a private network; it is not fetched")
    return "public"


def check_peer(peer: str, allowed: Reach, host: str) -> None:
    """Raise Failure (4) when a connection for `host` has ended at an address that it may not reach."""
    if allowed == "any" or (allowed == "loopback" and is_loopback(peer)) or (allowed == "public" and is_public(peer)):
        return
    raise console.refused(f"{host} leads to {peer}, an address of this machine or a private network; it is not fetched")


def _maybe_public(host: str) -> bool:
    """Whether the host may turn out public: a name may (its peer is checked later), an address says so itself."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return is_public(host)
